"""Which calls the edge has to run for a runtime that runs its tools itself, and how it would; asked before a person is.

A runtime has no value of a secret. So what refers to one runs at the edge, if it is a command or an HTTP request: those
are the tools that a runtime can leave to it (`TICKETED`). Any other tool would get the reference in place of the value,
and is refused with that reason, unless its arguments are words for an agent (`WORDS`).

Nor does a runtime reach a connected service: the edge alone has what opens it. So a tool of one always runs at the
edge, called by its own name or through `SERVICE_CALL`: a runtime can know a fixed list of tools alone (`opened`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.classify.catalogue import compiled
from safety_core.errors import ExecutionError, InputError
from safety_core.flow import effects
from safety_core.flow.answers import Context, Entrusted, Pending, Permitted, Refused
from safety_core.flow.case import Case
from safety_core.flow.effects import Flow
from safety_core.flow.permission import denied, permission
from safety_core.model.connection import Connections, described
from safety_core.model.level import Outcome
from safety_core.model.policy import Sandbox
from safety_core.model.tool_call import ToolCall
from safety_core.resolve import HttpPlan, Plan, ServicePlan, plan_of
from safety_core.resolve.arguments import LONGEST_SECONDS
from safety_core.resolve.build import COMMAND_SECONDS
from safety_core.wire.names import NAME_LIMIT, plain

TICKETED: Final = frozenset({"exec", "http_request"})
"""Tools of which an agent's runtime lets the edge run a call that refers to secrets."""

REQUESTS: Final = "http_request"
"""The tool that only the edge runs, references or not."""

WORDS: Final = frozenset(
    {"sessions_spawn", "sessions_send", "sessions_list", "subagents", "goals", "todo", "cron", "secret_request"}
)
"""Tools whose arguments are words for an agent or about its work, to whom a reference means what it means here. (Many
that only look at an agent's own work, or plan it, are aliases of `sessions_list`.)"""


SERVICE_CALL: Final = "service_call"
"""The tool that makes a call of a connected service: {"tool", "arguments"}. No inner call comes by itself afterwards:
the edge makes it."""


def opened(call: ToolCall, context: Context) -> tuple[ToolCall, Context]:
    """Return the call that is inside of a `SERVICE_CALL`, which is judged, bound and run in its place; any other as it
    is.

    Raises:
        InputError: it does not say which call.
        ExecutionError: that is none of a service that is connected for this agent.
    """
    known = compiled(context.policy.catalogue).tool(call.tool)
    if known is None or known[0] != SERVICE_CALL:
        return call, context
    tool, arguments = call.params.get("tool"), call.params.get("arguments", {})
    if not isinstance(tool, str) or not isinstance(arguments, dict) or call.params.keys() - {"tool", "arguments"}:
        raise InputError(SERVICE_CALL, "does not say which call", 'give {"tool": NAME, "arguments": {...}}')
    inside = replace(call, tool=tool, params=arguments)
    if not is_connected(inside, context):
        named = f"tool {plain(tool, NAME_LIMIT)}"
        raise ExecutionError(named, "is of no service that is connected for you", "the tool services lists them")
    seen = context.foreseen
    return inside, replace(context, foreseen=lambda _: seen(call))  # what a response proposed is the outer one


def is_connected(call: ToolCall, context: Context) -> bool:
    """Tell whether a call is one of a service that the operator has connected and this agent may use."""
    reached = context.policy.agent(call.agent).reached(context.connections)
    return of_service(call.tool, context.policy.catalogue, reached)


def of_service(tool: str, catalogue: JsonObject, connections: Connections) -> bool:
    """Tell whether one of these connections has a tool of this name, by its own description or the catalogue's."""
    if described(tool, connections) is not None:
        return True
    known, adapters = compiled(catalogue).tool(tool), catalogue.get("adapters")
    adapter = known[1].get("adapter") if known else None
    listed = isinstance(adapters, dict) and isinstance(adapter, str) and adapter in adapters
    return listed and any(connection.adapter == adapter for connection in connections.values())


def entrust(
    case: Case, planned: Callable[[Case, Context], Plan], context: Context
) -> Flow[Entrusted | Pending | Refused]:
    """Return the permission with the plan, which is made before anybody is asked: a person's answer to what cannot run
    would be spent on nothing."""
    if case.ruling.outcome is Outcome.DENY:
        return denied(case)
    plan = planned(case, context)
    yield from effects.CheckRefs(plan.refs, case.use)
    answer = yield from permission(case, context)
    return Entrusted(answer.call, answer.verdict, plan) if isinstance(answer, Permitted) else answer


def plan_for(case: Case, context: Context, seconds: float = COMMAND_SECONDS) -> Plan:
    """Return how the edge runs a call.

    Raises:
        ExecutionError: it cannot, or it would where the agent's own tools may not: outside of the sandbox.
    """
    tool = case.verdict.facts.tool
    outer = compiled(context.policy.catalogue).tool(case.call.tool)
    if outer is not None and "inner" in outer[1]:  # the arguments are not those of the call that was judged
        raise ExecutionError(f"tool {case.call.tool}", "only carries another call", f"call {tool} by its own name")
    known, manifest = (context.policy.catalogue, context.workspace), context.policy.agent(case.call.agent)
    reached = manifest.reached(context.connections)
    plan = plan_of(case.call, tool, *known, seconds=seconds, connections=reached)
    inside = manifest.sandbox is Sandbox.REQUIRED
    if inside and not isinstance(plan, HttpPlan | ServicePlan):
        raise ExecutionError(
            f"tool {tool}",
            "would be run by the edge, outside of the sandbox in which this agent must stay",
            "use http_request, or leave secrets out",
        )
    return plan


def ticketed_plan(case: Case, context: Context) -> Plan:
    """Return how the edge runs a call for a runtime that could run it itself, but for the secrets.

    Raises:
        ExecutionError: the runtime could not leave this tool to the edge, or the edge cannot run it.
    """
    if is_connected(case.call, context):
        return plan_for(case, context)
    tool, known = case.verdict.facts.tool, compiled(context.policy.catalogue).tool(case.call.tool)
    if tool not in TICKETED or known is None or known[0] != tool:
        raise ExecutionError(
            f"tool {case.call.tool}",
            "cannot use a secret",
            "use SECRET_REF(name) in exec or http_request; to speak of a secret, write its name alone",
        )
    return plan_for(case, context, LONGEST_SECONDS)


def needs_edge(case: Case, context: Context, *, refers: bool) -> bool:
    """Tell whether the edge has to run a call that was put to it by a runtime which runs its tools itself.

    Args:
        refers: its arguments refer to secrets, as its agent wrote them.
    """
    tool = case.verdict.facts.tool
    if is_connected(case.call, context):
        return True
    return (refers and tool not in WORDS) or (tool == REQUESTS and _can_run(case, context))


def _can_run(case: Case, context: Context) -> bool:
    """Tell whether the edge could run the call. Where it could not, its caller may have a way of its own."""
    try:
        ticketed_plan(case, context)
    except ExecutionError:
        return False
    return True
