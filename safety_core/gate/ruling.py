"""Verdict and autonomy -> outcome. Pure data and comparisons; a reader can check every line against the design's table.

In order:
1. a tool that the agent's manifest does not list is denied, and so is the use of a secret that it does not list (one
   that a scanner found stands in no list: the rules judge its use);
2. a floor denies, whatever anyone approves;
3. the matrix gives the outcome for (level, tier);
4. the external gate, which inherits nothing from the tier: an outward call asks unless signed, unexpired outward grants
   (`gate.outward`) cover it. With them a `yellow_external` call counts as `yellow`; they never cover a graver one.
5. a call that starts another agent stays within the depth and the number of the manifests that hold for it; it, and
   one that sets another agent to work, asks where the other agent may do more, and where its words may leave.
6. a tool of which the catalogue says so asks in every tier.
The outcome is the join of all of these. What is left to the caller: that `verdict` was made under this very policy,
that standing grants are genuine and not used up, and that each one that was needed is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from safety_core.canonical import Json
from safety_core.gate.agents import SPAWN, SPEAK, no_conversation, no_freer_agent, within_limits
from safety_core.gate.outward import covering
from safety_core.model.approval import StandingGrant
from safety_core.model.descent import FIRST_GENERATION, Descent
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.policy import AgentManifest, Policy
from safety_core.model.tool_call import ToolCall
from safety_core.model.verdict import Ruling, Verdict


def rule_on(
    call: ToolCall,
    verdict: Verdict,
    policy: Policy,
    now: float,
    descent: Descent = FIRST_GENERATION,
    standing: Sequence[StandingGrant] = (),
) -> Ruling:
    """Return what may happen to `call`.

    Args:
        now: seconds since the epoch.
        descent: of the session it comes from.
        standing: grants that approvers made from cards, beside those of the policy.
    """
    parts = rulings_on(call, verdict, policy, now, descent, standing)
    outcome = max(part.outcome for part in parts)
    return Ruling(outcome, tuple(clause for part in parts if part.outcome is outcome for clause in part.clauses))


def rulings_on(
    call: ToolCall,
    verdict: Verdict,
    policy: Policy,
    now: float,
    descent: Descent = FIRST_GENERATION,
    standing: Sequence[StandingGrant] = (),
) -> tuple[Ruling, ...]:
    """Return what manifest, floors, matrix and, where they are concerned, external gate, catalogue and the limits of
    subagents say, each by itself."""
    manifest = policy.agent(call.agent)
    covered = covering(call, verdict, policy, now, standing) is not None
    parts = [
        _manifest(verdict, manifest),
        _floor(verdict, policy),
        _matrix(verdict, manifest, policy, covered=covered),
    ]
    if verdict.outward and not covered:
        parts.append(Ruling(Outcome.ASK, ("external gate: no outward grant covers every recipient",)))
    elif covered:
        parts.append(Ruling(Outcome.ALLOW, ("external gate: outward grants cover every recipient",)))
    if (reason := _asks(verdict, policy)) is not None:
        parts.append(Ruling(Outcome.ASK, (f"{verdict.facts.tool} asks in every tier: {reason}",)))
    if verdict.facts.tool == SPAWN:
        parts.append(within_limits(call, descent, policy))
    if verdict.facts.tool in {SPAWN, SPEAK}:
        parts.append(no_freer_agent(call, manifest, policy))
    if verdict.facts.tool == SPEAK:
        parts.append(no_conversation(call))
    return tuple(parts)


def _manifest(verdict: Verdict, manifest: AgentManifest) -> Ruling:
    facts = verdict.facts
    if manifest.tools is not None and facts.tool not in manifest.tools:
        return Ruling(Outcome.DENY, (f"manifest: {manifest.name} has no tool {facts.tool}",))
    kept = [name for name in facts.refs if name not in facts.discovered and not manifest.may_use(name)]
    if kept:
        return Ruling(Outcome.DENY, (f"manifest: {manifest.name} may not use the secret {', '.join(kept)}",))
    return Ruling(Outcome.ALLOW, ())


def _floor(verdict: Verdict, policy: Policy) -> Ruling:
    struck = dict.fromkeys(hit.rule for hit in verdict.hits if hit.rule in policy.floors)
    if not struck:
        return Ruling(Outcome.ALLOW, ())
    reasons = [policy.floor_reasons[rule] for rule in struck if rule in policy.floor_reasons]
    return Ruling(
        Outcome.DENY, (*(f"floor: {rule}" for rule in struck), *(f"floor's reason: {reason}" for reason in reasons))
    )


def _matrix(verdict: Verdict, manifest: AgentManifest, policy: Policy, *, covered: bool) -> Ruling:
    level = Level.YELLOW if covered and verdict.level is Level.YELLOW_EXTERNAL else verdict.level
    article = "an" if manifest.tier is Tier.AUTONOMOUS else "a"
    return Ruling(policy.matrix[level, manifest.tier], (f"{level.word} for {article} {manifest.tier.word} agent",))


def _asks(verdict: Verdict, policy: Policy) -> Json:
    """Return why the catalogue has the tool ask whatever the tier, None where it does not."""
    tools = policy.catalogue.get("tools")
    entry = tools.get(verdict.facts.tool) if isinstance(tools, dict) else None
    return entry.get("asks") if isinstance(entry, dict) else None
