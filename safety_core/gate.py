"""Verdict and autonomy -> outcome. Pure data and comparisons; a reader can check every line against the design's table.

In order:
1. a tool that the agent's manifest does not list is denied, and so is the use of a secret that it does not list (one
   that a scanner found stands in no list: the rules judge its use);
2. a floor denies, whatever anyone approves;
3. the matrix gives the outcome for (level, tier);
4. the external gate, which inherits nothing from the tier: an outward call asks unless signed, unexpired outward grants
   cover it. With them a `yellow_external` call counts as `yellow`; they never cover a graver one.
Grants cover a call that was understood whole, of which every outward effect names whom it reaches, and which reaches
nobody else. That somebody is of the tenant's own company makes no difference here: mail leaves the machine either way,
and whoever wants to let it go writes a grant for "@own-domain".
5. a call that starts another agent stays within the depth and the number of the manifests that hold for it; it, and
   one that sets another agent to work, asks where the other agent may do more.
6. a tool of which the catalogue says so asks in every tier.
The outcome is the join of all of these. What is left to the caller: that `verdict` was made under this very policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from safety_core.canonical import Json
from safety_core.model.descent import FIRST_GENERATION, Descent, generation
from safety_core.model.facts import Kind, Target, TargetKind
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.policy import AgentManifest, OutwardGrant, Policy, Sandbox, Subagents
from safety_core.model.tool_call import AgentId, ToolCall
from safety_core.model.verdict import Ruling, Verdict

_SOMEBODY: Final = frozenset({TargetKind.RECIPIENT, TargetKind.HOST})
SPAWN: Final = "sessions_spawn"
"""The tool by which an agent starts another."""

SPEAK: Final = "sessions_send"
"""The tool by which an agent sets another to work."""

_ADDRESS: Final = re.compile(r"[^\s@,;:<>()\[\]\"%!\\]+@([a-z0-9.-]+)")


def rule_on(
    call: ToolCall, verdict: Verdict, policy: Policy, now: float, descent: Descent = FIRST_GENERATION
) -> Ruling:
    """Return what may happen to `call`. `now` in seconds since the epoch; `descent`: of the session it comes from."""
    parts = rulings_on(call, verdict, policy, now, descent)
    outcome = max(part.outcome for part in parts)
    return Ruling(outcome, tuple(clause for part in parts if part.outcome is outcome for clause in part.clauses))


def rulings_on(
    call: ToolCall, verdict: Verdict, policy: Policy, now: float, descent: Descent = FIRST_GENERATION
) -> tuple[Ruling, ...]:
    """Return what manifest, floors, matrix and, where they are concerned, external gate, catalogue and the limits of
    subagents say, each by itself."""
    manifest = policy.agent(call.agent)
    covered = verdict.outward and _covered(call, verdict, policy, now)
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
        parts.append(_within_limits(call, descent, policy))
    if verdict.facts.tool in {SPAWN, SPEAK}:
        parts.append(_no_freer_agent(call, manifest, policy))
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


def _covered(call: ToolCall, verdict: Verdict, policy: Policy, now: float) -> bool:
    if verdict.level > Level.YELLOW_EXTERNAL or verdict.facts.unknown:
        return False
    live = [
        grant
        for grant in policy.outward
        if grant.agent == call.agent and grant.tool == verdict.facts.tool and now < grant.not_after
    ]
    named = [
        any(target.kind in _SOMEBODY for target in action.targets)
        for action in verdict.facts.actions
        if action.kind is Kind.OUTWARD
    ]
    return (
        bool(named)
        and all(named)
        and all(any(_reaches(grant, target) for grant in live) for target in verdict.facts.recipients)
    )


def _reaches(grant: OutwardGrant, target: Target) -> bool:
    """Tell whether a grant names a target. A domain covers plain addresses alone: "a@evil.example, b@x" is none.

    Letters beyond ASCII are compared as they are: folded, a "ß" is the same as "ss", and leads to another domain.
    """
    if not target.value.isascii():
        return target.value == grant.recipient
    want, value = grant.recipient.casefold(), target.value.casefold()
    if want.startswith("@"):
        plain = _ADDRESS.fullmatch(value)
        return target.kind is TargetKind.RECIPIENT and plain is not None and plain[1] == want[1:]
    return value == want


def most_running(call: ToolCall, descent: Descent, policy: Policy) -> int:
    """Return how many subagents may be running at once, the one that `call` would start among them."""
    return min(limits.running for _, limits in _limits(call, descent, policy))


def _limits(call: ToolCall, descent: Descent, policy: Policy) -> tuple[tuple[AgentId, Subagents], ...]:
    names = dict.fromkeys((call.agent, descent.root or call.agent))
    return tuple((name, policy.agent(name).subagents) for name in names)


def _within_limits(call: ToolCall, descent: Descent, policy: Policy) -> Ruling:
    """The limits of the agent that a person speaks to bind its whole family; those of a descendant bind it as well."""
    depth = max(descent.depth, generation(call.session)) + 1
    clauses = []
    for name, limits in _limits(call, descent, policy):
        if depth > limits.depth:
            allowed = "none" if not limits.depth else f"depth {limits.depth}"
            clauses.append(f"subagents: this would be one of depth {depth}, and {name} may have {allowed}")
        if descent.running >= limits.running:
            clauses.append(f"subagents: {descent.running} are running, and {name} may have {limits.running} at once")
    return Ruling(Outcome.DENY if clauses else Outcome.ALLOW, tuple(clauses))


def _no_freer_agent(call: ToolCall, manifest: AgentManifest, policy: Policy) -> Ruling:
    """Ask where the agent that is to work for this one may do what this one may not, or where no limit reaches it."""
    clauses: list[str] = []
    for given in (*_named(call.params, "agentid"), *map(_agent_of, _named(call.params, "sessionkey"))):
        if not isinstance(given, str):
            return Ruling(Outcome.DENY, ("agents: agentId is no text",))
        for name in dict.fromkeys((given, _host_name(given))):
            freer = ", ".join(_freer(policy.agent(AgentId(name)), manifest))
            if name and name != manifest.name and freer:
                clauses.append(f"agents: {name} may do more than {manifest.name} ({freer})")
    if "acp" in _named(call.params, "runtime"):
        clauses.append("agents: runtime acp starts a program of its own, whose tools no gate sees")
    if any(_named(call.params, "visible")):
        clauses.append("agents: visible starts a conversation of its own, which no limit of subagents reaches")
    return Ruling(Outcome.ASK if clauses else Outcome.ALLOW, tuple(dict.fromkeys(clauses)))


def _agent_of(session: Json) -> str:
    """Return the agent in OpenClaw's name of a session, `agent:<agent>:<rest>`, or nothing."""
    words = session.strip().split(":", 2) if isinstance(session, str) else ()
    return words[1] if len(words) == 3 and words[0].lower() == "agent" else ""


def _freer(other: AgentManifest, manifest: AgentManifest) -> Iterator[str]:
    if other.tier > manifest.tier:
        yield f"it is {other.tier.word}"
    if manifest.tools is not None and not (other.tools is not None and other.tools <= manifest.tools):
        yield "it has other tools"
    if manifest.secrets is not None and not (other.secrets is not None and other.secrets <= manifest.secrets):
        yield "it has other secrets"
    if manifest.sandbox is Sandbox.REQUIRED and other.sandbox is not Sandbox.REQUIRED:
        yield "it needs no sandbox"


def _host_name(agent: str) -> str:
    """Return an agent's name as OpenClaw 2026.9.6 writes it out (dist/session-key-*.mjs): in lower case, without what
    may not stand in it."""
    return re.sub(r"^-+|-+$", "", re.sub(r"[^a-z0-9_-]+", "-", agent.strip().lower()))[:64]


def _named(value: Json, name: str) -> tuple[Json, ...]:
    """Return what stands under `name` anywhere in `value`: the call may be inside of another one.

    OpenClaw 2026.9.6 takes `agent_id` for `agentId` (dist/param-key-*.mjs): case and underscores make no difference.
    """
    if isinstance(value, list):
        return tuple(found for item in value for found in _named(item, name))
    if not isinstance(value, dict):
        return ()
    here = (item for key, item in value.items() if item is not None and key.replace("_", "").lower() == name)
    return (*here, *(found for item in value.values() for found in _named(item, name)))
