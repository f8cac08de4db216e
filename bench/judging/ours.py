"""Our judge with the policy that comes with the program: facts, rules, verdict; its policy process works along."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any, Final

from safety_core.bundle.contents import TrustedBundle
from safety_core.classify.facts import facts_of
from safety_core.classify.judge import verdict_of
from safety_core.edge.rego import RegoEngine
from safety_core.edge.shipped import shipped_bundle
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall

WORKSPACE: Final = "/srv/agent"


class Scanner:
    """Answers with a level."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self.loop = asyncio.new_event_loop()
        self.engine = RegoEngine()
        self.reset()

    def facts(self) -> dict[str, Any]:
        return {"version": version("safety-gateway"), "asked": "facts_of, RegoEngine.judge, verdict_of"}

    def reset(self) -> None:
        """Forget every call: what is remembered lies with the policy."""
        self.loop.run_until_complete(self._load(shipped_bundle()))

    def judge(self, calls: list[dict[str, Any]]) -> list[str]:
        return self.loop.run_until_complete(self._judge(calls))

    def close(self) -> None:
        """End the policy process."""
        self.loop.run_until_complete(self.engine.close())

    async def _load(self, bundle: TrustedBundle) -> None:
        await self.engine.load(bundle)
        self.bundle = bundle
        await self._answer("exec", {"command": "true"})  # reads the catalogue, once for a policy

    async def _judge(self, calls: list[dict[str, Any]]) -> list[str]:
        return [await self._answer(call["tool"], call["params"]) for call in calls]

    async def _answer(self, tool: str, params: dict[str, Any]) -> str:
        call = ToolCall(CallId("c"), TenantId("t"), AgentId("a"), SessionId("s"), tool, params)
        facts = facts_of(call, self.bundle.policy.catalogue, WORKSPACE)
        decision = await self.engine.judge(facts)
        return verdict_of(facts, decision, self.bundle.revision).level.word
