"""An event judged in this process, by a policy at hand: no edge, no approvals, no record.

It costs the start of the rules' engine each time, half a second; an edge has that behind it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from safety_core.canonical import JsonObject
from safety_core.classify.facts import facts_of
from safety_core.classify.judge import verdict_of
from safety_core.cli.chosen_policy import chosen_policy
from safety_core.cli.hook.answer import PASSED, Answer, Word
from safety_core.cli.hook.event import Event, Kind
from safety_core.edge import clock
from safety_core.edge.rego import RegoEngine
from safety_core.gate import rule_on
from safety_core.model.level import Outcome, Tier
from safety_core.model.secret import refs_in
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.model.verdict import Ruling, Verdict


@dataclass(frozen=True, slots=True)
class Alone:
    """What a judgement without an edge goes by.

    Attributes:
        tier: of every agent; None as policy says.
        workspace: base of relative paths; "" where the host works.
    """

    agent: str
    bundle: Path | None = None
    policies: Path | None = None
    tier: int | None = None
    workspace: str = ""


def judged_alone(event: Event, by: Alone) -> Answer:
    """Return what is to become of `event`. Results and prompts pass: nobody here knows a secret.

    Raises:
        SafetyError: it cannot be judged.
    """
    if event.kind is not Kind.CALL:
        return PASSED
    return asyncio.run(_judged(event, by))


async def _judged(event: Event, by: Alone) -> Answer:
    bundle = chosen_policy(by.bundle, by.policies)[0]
    policy = bundle.policy if by.tier is None else replace(bundle.policy, default_tier=Tier(by.tier), agents={})
    call = ToolCall(
        CallId(event.call),
        TenantId("local"),
        AgentId(by.agent),
        SessionId(event.session),
        event.tool,
        event.arguments,
    )
    engine = RegoEngine()
    await engine.load(bundle)
    try:
        facts = facts_of(call, policy.catalogue, by.workspace or event.folder)
        verdict = verdict_of(facts, await engine.judge(facts), policy.revision)
    finally:
        await engine.close()
    return _answer(call.params, verdict, rule_on(call, verdict, policy, clock.now()))


def _answer(params: JsonObject, verdict: Verdict, ruling: Ruling) -> Answer:
    reason = f"{verdict.level.word} ({verdict.rule}): {'; '.join(dict.fromkeys(map(_bare, verdict.reasons)))}"
    if refs_in(params):
        return Answer(Word.BLOCK, "it refers to a stored secret, which only an edge can put in")
    if ruling.outcome is Outcome.ALLOW:
        return Answer(Word.GO_ON, reason)
    if ruling.outcome is Outcome.ASK:
        return Answer(Word.ASK, reason)
    if ruling.outcome is Outcome.ASK_STRONG:
        return Answer(Word.BLOCK, f"{reason}. A person's own key could permit it; that takes an edge")
    return Answer(Word.BLOCK, reason)


def _bare(reason: str) -> str:
    """Return a reason without what it quotes of the call, which stands behind a colon: it may hold a secret."""
    return reason.partition(": ")[0]
