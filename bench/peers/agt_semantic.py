"""agent-governance-toolkit: the semantic engine of its core package, with the signals that it brings along.

It answers with an intent and how sure it is; what its own `check` would refuse is a refusal here.
"""

import warnings
from importlib.metadata import version
from typing import Any

from agent_os.semantic_policy import PolicyDenied, SemanticPolicyEngine


class Scanner:
    def __init__(self, secrets: dict[str, str]) -> None:
        with warnings.catch_warnings(action="ignore"):  # it says that its signals are samples
            self.engine = SemanticPolicyEngine()

    def facts(self) -> dict[str, Any]:
        return {"version": version("agent-governance-toolkit"), "asked": "SemanticPolicyEngine().check(tool, params)"}

    def reset(self) -> None:
        """It remembers nothing."""

    def judge(self, calls: list[dict[str, Any]]) -> list[str]:
        return [self._answer(call["tool"], call["params"]) for call in calls]

    def close(self) -> None:
        """It has nothing open."""

    def _answer(self, tool: str, params: dict[str, Any]) -> str:
        try:
            self.engine.check(tool, params)
        except PolicyDenied:
            return "deny"
        return "allow"
