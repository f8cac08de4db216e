"""Verdict and autonomy -> outcome. Pure data and comparisons; a reader can check every line against the design's table.

In order:
1. a tool that the agent's manifest does not list is denied;
2. a floor denies, whatever anyone approves;
3. the matrix gives the outcome for (level, tier);
4. the external gate, which inherits nothing from the tier: an outward call asks unless signed, unexpired outward grants
   cover every recipient. With them a `yellow_external` call counts as `yellow`; a graver outward call keeps its level.
The outcome is the join of all of these. What is left to the caller: that `verdict` was made under this very policy.
"""

from __future__ import annotations

from safety_core.model.facts import Target, TargetKind
from safety_core.model.level import Level, Outcome
from safety_core.model.policy import AgentManifest, OutwardGrant, Policy
from safety_core.model.tool_call import ToolCall
from safety_core.model.verdict import Ruling, Verdict


def rule_on(call: ToolCall, verdict: Verdict, policy: Policy, now: float) -> Ruling:
    """Return what may happen to `call`. `now` in seconds since the epoch."""
    manifest = policy.agent(call.agent)
    covered = verdict.outward and _covered(call, verdict, policy, now)
    parts = [_manifest(verdict, manifest), _floor(verdict, policy), _matrix(verdict, manifest, policy, covered=covered)]
    if verdict.outward and not covered:
        parts.append(Ruling(Outcome.ASK, ("external gate: no outward grant covers every recipient",)))
    outcome = max(part.outcome for part in parts)
    return Ruling(outcome, tuple(clause for part in parts if part.outcome is outcome for clause in part.clauses))


def _manifest(verdict: Verdict, manifest: AgentManifest) -> Ruling:
    if manifest.tools is None or verdict.facts.tool in manifest.tools:
        return Ruling(Outcome.ALLOW, ())
    return Ruling(Outcome.DENY, (f"manifest: {manifest.name} has no tool {verdict.facts.tool}",))


def _floor(verdict: Verdict, policy: Policy) -> Ruling:
    struck = [hit.rule for hit in verdict.hits if hit.rule in policy.floors]
    return (
        Ruling(Outcome.DENY, tuple(f"floor: {rule}" for rule in dict.fromkeys(struck)))
        if struck
        else Ruling(Outcome.ALLOW, ())
    )


def _matrix(verdict: Verdict, manifest: AgentManifest, policy: Policy, *, covered: bool) -> Ruling:
    level = Level.YELLOW if covered and verdict.level is Level.YELLOW_EXTERNAL else verdict.level
    return Ruling(policy.matrix[level, manifest.tier], (f"{level.word} for a {manifest.tier.word} agent",))


def _covered(call: ToolCall, verdict: Verdict, policy: Policy, now: float) -> bool:
    live = [
        grant
        for grant in policy.outward
        if grant.agent == call.agent and grant.tool == verdict.facts.tool and now < grant.not_after
    ]
    recipients = verdict.facts.recipients
    return bool(recipients) and all(any(_reaches(grant, target) for grant in live) for target in recipients)


def _reaches(grant: OutwardGrant, target: Target) -> bool:
    want, value = grant.recipient.casefold(), target.value.casefold()
    if want.startswith("@"):
        return target.kind is TargetKind.RECIPIENT and value.rpartition("@")[1:] == ("@", want[1:])
    return value == want
