"""Judging shell commands: seen before, and never seen."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

from bench.figure import Figure
from bench.measure import Effort, interleaved, sampled
from safety_core.canonical import JsonObject, digest
from safety_core.classify.facts import facts_of
from safety_core.classify.judge import verdict_of
from safety_core.edge.rego import RegoEngine
from safety_core.edge.shipped import shipped_bundle
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall

COMMAND = "grep -rn 'price' src/shop | sort | uniq -c > reports/{}.txt"
"""60 bytes: a pipe of three programs and a redirect."""


def figures(effort: Effort, tick: Callable[[], None]) -> list[Figure]:
    """Measure both against one canonical JSON and SHA-256 of the same call."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
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

        works = {
            "classify_seen": lambda: judge(0),
            "classify_new": lambda: judge(next(numbers)),
            "yardstick": lambda: digest({"tool": "exec", "params": params(7)}),
        }
        try:
            samples = {name: sampled(work, effort) for name, work in works.items()}
            timings = interleaved(samples, effort.rounds, tick)
        finally:
            loop.run_until_complete(engine.close())
    base = timings["yardstick"].median
    titles = {
        "classify_seen": "a command that has been judged before",
        "classify_new": "a command never seen, through the rules (the policy process's own work is not in it)",
    }
    section = "Judging a shell command, against one canonical JSON and SHA-256 of the same call"
    return [
        Figure(section, name, title, timings[name].median / base, "x", note=f"{timings[name].us:.0f} µs")
        for name, title in titles.items()
    ]
