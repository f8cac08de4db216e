"""ctrlrun: its policy, as `ctrlrun init` writes it. It decides by the names of actions that somebody has listed; what
is not listed is denied, and it has nothing that reads a command."""

import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ctrlrun import Action, Policy, Principal


class Scanner:
    def __init__(self, secrets: dict[str, str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(sys.executable).with_name("ctrlrun")
            subprocess.run([program, "init"], cwd=folder, check=True, capture_output=True)
            self.policy = Policy.from_file(Path(folder) / "ctrlrun.yaml")
        self.principal = Principal(agent="bench")

    def facts(self) -> dict[str, Any]:
        asked = "Policy.evaluate(Action(tool, params)) by the policy of `ctrlrun init`: what nobody listed is denied"
        return {"version": version("ctrlrun"), "asked": asked}

    def reset(self) -> None:
        """It remembers nothing."""

    def judge(self, calls: list[dict[str, Any]]) -> list[str]:
        return [self._answer(call["tool"], call["params"]) for call in calls]

    def close(self) -> None:
        """It has nothing open."""

    def _answer(self, tool: str, params: dict[str, Any]) -> str:
        decision = str(self.policy.evaluate(Action(tool, params, self.principal)).decision)
        return {"approve": "ask"}.get(decision, decision)
