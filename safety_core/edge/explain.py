"""One call judged with everything that led there: for `safety policy explain`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from safety_core import approve
from safety_core.bundle.contents import TrustedBundle
from safety_core.canonical import Json, JsonObject
from safety_core.classify.trace import Step, trace
from safety_core.edge import clock
from safety_core.edge.coverage import watched
from safety_core.edge.trial import Trial, on_trial, tool_call
from safety_core.errors import UnavailableError, WeakApproverError
from safety_core.flow.compared import Judged, of_verdict
from safety_core.flow.why import Asked, asked_rules, variants
from safety_core.gate import rule_on, rulings_on
from safety_core.model.approval import ApprovalRequest, RequestId
from safety_core.model.level import Outcome, Tier
from safety_core.model.policy import Policy
from safety_core.model.tool_call import ToolCall
from safety_core.model.verdict import Ruling, Verdict
from safety_core.wire.recorded_calls import RecordedCall


@dataclass(frozen=True, slots=True)
class Milder:
    """What would be judged milder: `change` in words, the command where it is another, and what comes of it."""

    change: str
    command: str
    judged: Judged


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that led to what may happen to one call.

    Attributes:
        parts: what manifest, floors, matrix and external gate say, each by itself.
        quorum: how many people have to say yes; 0 where nobody is asked.
        approvers: the keys that may approve it, by their ids.
        blind: why nobody could look at the lines of the rules; empty where somebody could.
    """

    call: RecordedCall
    step: Step
    verdict: Verdict
    asked: tuple[Asked, ...]
    parts: tuple[Ruling, ...]
    ruling: Ruling
    tier: Tier
    milder: tuple[Milder, ...]
    quorum: int
    approvers: tuple[str, ...]
    blind: str = ""

    def to_json(self) -> JsonObject:
        """Return it as one document."""
        asked: list[Json] = [one.to_json() for one in self.asked]
        milder: list[Json] = [
            {"change": one.change, "command": one.command, **one.judged.to_json()} for one in self.milder
        ]
        parts: list[Json] = [
            {"outcome": part.outcome.word, "clauses": [*part.clauses]} for part in self.parts if part.clauses
        ]
        hits: list[Json] = [
            {"rule": hit.rule, "level": hit.level.word, "reason": hit.reason} for hit in self.verdict.hits
        ]
        return {
            "id": self.call.id,
            "tool": self.call.tool,
            "agent": self.call.agent,
            "tier": self.tier.word,
            "read_as": self.step.to_json(),
            "facts": self.verdict.facts.to_json(),
            "rules": asked,
            "hits": hits,
            "level": self.verdict.level.word,
            "rule": self.verdict.rule,
            "gate": parts,
            "outcome": self.ruling.outcome.word,
            "quorum": self.quorum,
            "approvers": [*self.approvers],
            "milder": milder,
        }


async def explanation(bundle: TrustedBundle, call: RecordedCall, workspace: str, tier: Tier | None) -> Explanation:
    """Judge `call`, and everything that it could be instead.

    Raises:
        SafetyError: it cannot be judged; an edge would refuse it for the same reason.
    """
    async with on_trial(bundle, workspace, tier) as trial:
        verdict = await trial.verdict(call)
        reached, blind = await _reached(bundle, verdict)
        policy, now = trial.policy, clock.now()
        ruling = rule_on(tool_call(call), verdict, policy, now)
        asked = _question(tool_call(call), verdict, ruling, policy, now)
        return Explanation(
            call=call,
            step=trace(call.tool, call.params, policy.catalogue, workspace, hints=call.hints),
            verdict=verdict,
            asked=asked_rules(bundle, verdict.facts, verdict.hits, reached),
            parts=rulings_on(tool_call(call), verdict, policy, now),
            ruling=ruling,
            tier=policy.agent(tool_call(call).agent).tier,
            milder=tuple([one async for one in _milder(trial, call, verdict)]),
            quorum=asked.quorum if asked else 0,
            approvers=tuple(_approvers(asked, policy)) if asked else (),
            blind=blind,
        )


def _question(call: ToolCall, verdict: Verdict, ruling: Ruling, policy: Policy, now: float) -> ApprovalRequest | None:
    if ruling.outcome not in {Outcome.ASK, Outcome.ASK_STRONG}:
        return None
    strong = ruling.outcome is Outcome.ASK_STRONG
    return approve.new_request(RequestId(""), call, verdict, policy, strong=strong, now=now)


def _approvers(request: ApprovalRequest, policy: Policy) -> Iterator[str]:
    """Yield the keys that may approve this, from where they may most."""
    for key in policy.approvers:
        with suppress(WeakApproverError):
            approve.check_may_answer(key, request, f"console+{approve.TOTP}")
            yield key.id


async def _reached(bundle: TrustedBundle, verdict: Verdict) -> tuple[Mapping[str, frozenset[int]], str]:
    """Return the lines of the rules that were reached, or why nobody could look."""
    rules = [one.rule for one in asked_rules(bundle, verdict.facts, (), {})]
    try:
        found = await watched(bundle, [(rules, verdict.facts.to_json())])
    except UnavailableError as error:
        return {}, error.reason
    return found.lines[0].covered, ""


async def _milder(trial: Trial, call: RecordedCall, verdict: Verdict) -> AsyncIterator[Milder]:
    """Yield what would be judged milder: another form of the command, then another tier."""
    now = clock.now()
    judged = of_verdict(tool_call(call), verdict, trial.policy, now)
    for change, other in _other_forms(call):
        found = await trial.verdict(other)
        better = of_verdict(tool_call(other), found, trial.policy, now)
        if (better.level, better.outcome) < (judged.level, judged.outcome) and not _new_doubts(found, verdict):
            yield Milder(change, _command(other)[1], better)
    manifest = trial.policy.agent(tool_call(call).agent)
    for tier in Tier:
        policy = replace(trial.policy, agents={manifest.name: replace(manifest, tier=tier)})
        better = of_verdict(tool_call(call), verdict, policy, now)
        if better.outcome < judged.outcome:
            yield Milder(f"with the tier {tier.word}", "", better)
            return


def _new_doubts(found: Verdict, before: Verdict) -> bool:
    """A form that is not understood is no milder form."""
    return not set(found.facts.unknown) <= set(before.facts.unknown)


def _other_forms(call: RecordedCall) -> Iterator[tuple[str, RecordedCall]]:
    name, command = _command(call)
    for variant in variants(command) if name else ():
        # of a session of its own: what it would write is nothing to the others
        yield variant.change, replace(call, params={**call.params, name: variant.command}, session=variant.command)


def _command(call: RecordedCall) -> tuple[str, str]:
    """Return name and text of the argument that is a command line."""
    for name in ("command", "cmd", "script"):
        value = call.params.get(name)
        if isinstance(value, str):
            return name, value
    return "", ""
