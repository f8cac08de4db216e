"""`safety classify`: tool calls in, levels out, as JSON Lines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from safety_core.bundle.contents import TrustedBundle
from safety_core.canonical import Json, JsonObject
from safety_core.classify.facts import facts_of
from safety_core.classify.judge import UNKNOWN, verdict_of
from safety_core.cli.chosen_policy import bundle_option, chosen_policy, policies_option
from safety_core.edge import clock
from safety_core.edge.engine import Engine
from safety_core.edge.rego import RegoEngine
from safety_core.errors import SafetyError
from safety_core.gate import rule_on
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.policy import Policy
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.wire.calls import hints_from
from safety_core.wire.reader import Reader

WORKSPACE: Final = "/workspace"
"""Where an agent's relative paths begin, unless said otherwise."""


@click.command()
@bundle_option
@policies_option
@click.option(
    "--tier",
    type=click.IntRange(1, 3),
    help="Take every agent for one of this tier (1 supervised, 2 trusted, 3 autonomous).",
)
@click.option(
    "--workspace", default=WORKSPACE, show_default=True, help="The agent's workspace, the base of relative paths."
)
@click.option("--facts", is_flag=True, help="Show the facts that the rules were given.")
@click.argument("calls", type=click.File("rb"), default="-")
def classify(
    bundle: Path | None, policies: Path | None, tier: int | None, workspace: str, facts: bool, calls: Iterable[bytes]
) -> None:
    """Say how grave tool calls are, one JSON object per line.

    \b
    in   {"id": "1", "tool": "exec", "params": {"command": "rm -rf /"},
          "agent": "main"}
    out  {"id": "1", "level": "critical_red", "outcome": "deny",
          "rule": "destroys_machine", "reasons": [...]}

    A line that is no tool call is answered with its error; it counts as yellow and is never allowed.
    """
    chosen = chosen_policy(bundle, policies)[0]
    asyncio.run(_classify(chosen, Tier(tier) if tier else None, workspace, calls, show_facts=facts))


async def _classify(
    bundle: TrustedBundle, tier: Tier | None, workspace: str, lines: Iterable[bytes], *, show_facts: bool
) -> None:
    policy = bundle.policy if tier is None else replace(bundle.policy, default_tier=tier, agents={})
    engine = RegoEngine()
    await engine.load(bundle)
    try:
        async for answer in _answers(engine, policy, workspace, lines, show_facts=show_facts):
            click.echo(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
    finally:
        await engine.close()


async def _answers(
    engine: Engine, policy: Policy, workspace: str, lines: Iterable[bytes], *, show_facts: bool
) -> AsyncIterator[JsonObject]:
    for line in lines:
        if not line.strip():
            continue
        asked: Json = None
        try:
            question = Reader.parse(line, "tool call")
            asked = question.json("id") if question.has("id") else None
            yield {"id": asked, **await _answer(engine, policy, workspace, _call(question), show_facts=show_facts)}
        except SafetyError as error:
            yield {
                "id": asked,
                "error": str(error),
                "level": Level.YELLOW.word,
                "outcome": Outcome.DENY.word,
                "rule": UNKNOWN,
                "reasons": [str(error)],
            }


def _call(reader: Reader) -> ToolCall:
    call = ToolCall(
        CallId(""),
        TenantId("local"),
        AgentId(reader.text("agent", "main", limit=64)),
        SessionId(reader.text("session", "")),
        reader.text("tool", limit=200),
        reader.mapping("params"),
        hints_from(reader.mapping("hints") if reader.has("hints") else {}),
    )
    reader.done()
    return call


async def _answer(engine: Engine, policy: Policy, workspace: str, call: ToolCall, *, show_facts: bool) -> JsonObject:
    facts = facts_of(call, policy.catalogue, workspace)
    verdict = verdict_of(facts, await engine.judge(facts), policy.revision)
    ruling = rule_on(call, verdict, policy, clock.now())
    answer: JsonObject = {
        "level": verdict.level.word,
        "outcome": ruling.outcome.word,
        "rule": verdict.rule,
        "reasons": [*verdict.reasons],
    }
    return {**answer, "facts": facts.to_json()} if show_facts else answer
