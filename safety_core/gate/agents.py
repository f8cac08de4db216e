"""Agents that have other agents work for them: within what depth and number, and for nobody who may do more.

Whom a call names is read as OpenClaw reads it: anywhere in the arguments, under every spelling of the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from safety_core.canonical import Json
from safety_core.model.budget import Unit
from safety_core.model.descent import Descent, agent_in, generation
from safety_core.model.level import Outcome
from safety_core.model.policy import AgentManifest, Policy, Sandbox, Subagents
from safety_core.model.tool_call import AgentId, ToolCall
from safety_core.model.verdict import Ruling

SPAWN: Final = "sessions_spawn"
"""The tool by which an agent starts another."""

SPEAK: Final = "sessions_send"
"""The tool by which an agent sets another to work."""

_INSIDE: Final = re.compile(r"(?:agent:[^:]+:)?(?:main|subagent:.+)", re.DOTALL)
"""Names of sessions in which nobody but agents and the agent's own operator speaks."""


def most_running(call: ToolCall, descent: Descent, policy: Policy) -> int:
    """Return how many subagents may be running at once, the one that `call` would start among them."""
    return min(limits.running for _, limits in _limits(call, descent, policy))


def _limits(call: ToolCall, descent: Descent, policy: Policy) -> tuple[tuple[AgentId, Subagents], ...]:
    names = dict.fromkeys((call.agent, descent.root or call.agent))
    return tuple((name, policy.agent(name).subagents) for name in names)


def within_limits(call: ToolCall, descent: Descent, policy: Policy) -> Ruling:
    """Deny another subagent where there would be too many, or too deep.

    The limits of the agent that a person speaks to bind its whole family; those of a descendant bind it as well.
    """
    depth = max(descent.depth, generation(call.session)) + 1
    clauses = []
    for name, limits in _limits(call, descent, policy):
        if depth > limits.depth:
            allowed = "none" if not limits.depth else f"depth {limits.depth}"
            clauses.append(f"subagents: this would be one of depth {depth}, and {name} may have {allowed}")
        if descent.running >= limits.running:
            clauses.append(f"subagents: {descent.running} are running, and {name} may have {limits.running} at once")
    return Ruling(Outcome.DENY if clauses else Outcome.ALLOW, tuple(clauses))


def no_freer_agent(call: ToolCall, manifest: AgentManifest, policy: Policy) -> Ruling:
    """Ask where the agent that is to work for this one may do what this one may not, or where no limit reaches it."""
    clauses: list[str] = []
    sessions = (key for key in _named(call.params, "sessionkey") if isinstance(key, str))
    for given in (*_named(call.params, "agentid"), *map(agent_in, sessions)):
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


def no_conversation(call: ToolCall) -> Ruling:
    """Ask where what an agent says in another session may reach whoever that session belongs to.

    The host delivers the answer there, and to the edge it is one to who wrote there. A session's id, or its label, may
    be anybody's; nobody but the host knows.
    """
    keys = _texts(_named(call.params, "sessionkey"))
    clauses = [
        f"agents: what is said in session {name[:60]!a} may reach somebody outside"
        for name in keys or _texts(_named(call.params, "label"))
        if name != call.session and not (keys and _INSIDE.fullmatch(name.lower()))
    ]
    return Ruling(Outcome.ASK if clauses else Outcome.ALLOW, tuple(clauses))


def _freer(other: AgentManifest, manifest: AgentManifest) -> Iterator[str]:
    if other.tier > manifest.tier:
        yield f"it is {other.tier.word}"
    if manifest.tools is not None and not (other.tools is not None and other.tools <= manifest.tools):
        yield "it has other tools"
    if manifest.secrets is not None and not (other.secrets is not None and other.secrets <= manifest.secrets):
        yield "it has other secrets"
    reached = manifest.connections
    if reached is not None and not (other.connections is not None and other.connections <= reached):
        yield "it has other connections"
    if manifest.sandbox is Sandbox.REQUIRED and other.sandbox is not Sandbox.REQUIRED:
        yield "it needs no sandbox"
    others = other.budget.limits()
    limits = manifest.budget.limits()
    uncounted = other.budget.allow_unpriced and not manifest.budget.allow_unpriced
    if any(others.get(key, limit + 1) > limit or (uncounted and key[0] is Unit.USD) for key, limit in limits.items()):
        yield "it may spend more"


def _texts(values: Iterable[Json]) -> list[str]:
    return [value.strip() for value in values if isinstance(value, str) and value.strip()]


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
