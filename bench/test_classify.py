"""Judging shell commands: seen before, and never seen."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

import pytest

from bench.conftest import Pair
from safety_core.canonical import JsonObject, digest
from safety_core.classify.facts import facts_of
from safety_core.classify.judge import verdict_of
from safety_core.edge.rego import RegoEngine
from safety_core.edge.shipped import shipped_bundle
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall

COMMAND = "grep -rn 'price' src/shop | sort | uniq -c > reports/{}.txt"
"""60 bytes: a pipe of three programs and a redirect."""


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with asyncio.Runner() as runner:
        yield runner.get_loop()


def test_classify(pair: Pair, loop: asyncio.AbstractEventLoop) -> None:
    bundle = shipped_bundle()
    engine = RegoEngine()
    loop.run_until_complete(engine.load(bundle))
    numbers = itertools.count()

    def params(number: int) -> JsonObject:
        return {"command": COMMAND.format(number)}

    def judge(number: int) -> None:
        call = ToolCall(CallId("c"), TenantId("t"), AgentId("a"), SessionId("s"), "exec", params(number))
        facts = facts_of(call, bundle.policy.catalogue, "/srv/agent")
        verdict_of(facts, loop.run_until_complete(engine.judge(facts)), bundle.revision)

    def yardstick() -> None:
        digest({"tool": "exec", "params": params(7)})

    try:
        pair("classify_seen", lambda: judge(0), yardstick, repeat=(20, 200))
        pair("classify_new", lambda: judge(next(numbers)), yardstick, repeat=(20, 200))
    finally:
        loop.run_until_complete(engine.close())
