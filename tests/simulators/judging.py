"""The shipped policy, ready to judge: facts by the real catalogue, hits by the real rules in the real engine."""

from __future__ import annotations

import asyncio
from typing import Any

from safety_core.canonical import JsonObject
from safety_core.classify.facts import facts_of
from safety_core.classify.judge import verdict_of
from safety_core.edge.rego import RegoEngine
from safety_core.edge.shipped import shipped_bundle
from safety_core.model.facts import Action, Facts, Kind
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.model.verdict import Verdict

WORKSPACE = "/workspace"


def call_of(tool: str, params: JsonObject) -> ToolCall:
    """Return a call of `tool`."""
    return ToolCall(CallId("1"), TenantId("bakery"), AgentId("main"), SessionId("s"), tool, params)


class Judging:
    """Judges calls as the gateway does."""

    def __init__(self) -> None:
        self.bundle = shipped_bundle()
        self.catalogue = self.bundle.policy.catalogue
        self._runner = asyncio.Runner()
        self._engine = RegoEngine(deadline=10.0)
        self._runner.run(self._engine.load(self.bundle))

    def close(self) -> None:
        """Stop the engine."""
        self._runner.run(self._engine.close())
        self._runner.close()

    def facts(self, tool: str, **params: Any) -> Facts:
        """Return what a call would do."""
        return facts_of(call_of(tool, params), self.catalogue, WORKSPACE)

    def shell(self, command: str) -> Facts:
        """Return what a command line would do."""
        return self.facts("exec", command=command)

    def verdict(self, facts: Facts) -> Verdict:
        """Return the shipped policy's verdict."""
        decision = self._runner.run(self._engine.judge(facts))
        return verdict_of(facts, decision, self.bundle.revision)

    def level(self, command: str) -> Level:
        """Return how grave a command line is."""
        return self.verdict(self.shell(command)).level

    def kinds(self, command: str) -> set[Kind]:
        """Return the effects of a command line."""
        return {action.kind for action in self.shell(command).actions}

    def action(self, command: str, kind: Kind) -> Action:
        """Return the first effect of this kind."""
        return next(action for action in self.shell(command).actions if action.kind is kind)
