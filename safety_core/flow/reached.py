"""What the operator's settings say of a call: which service it reaches, and how grave that service makes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from safety_core.classify.catalogue import compiled
from safety_core.classify.network import url_target
from safety_core.classify.session import SessionReading
from safety_core.flow.answers import Context
from safety_core.model.connection import Connection, described
from safety_core.model.facts import Action, Facts, Kind, TargetKind
from safety_core.model.tool_call import Hint, ToolCall

REACHED: Final = frozenset({TargetKind.HOST, TargetKind.RECIPIENT})


def hints_of(call: ToolCall, context: Context) -> frozenset[Hint]:
    """Return what makes a call of a connected service's own tool graver, beside what its caller says.

    What an HTTP method hints at is a guess, for as long as no security author has listed the operation; so is it that
    an MCP server outside of this network works with whoever is outside. What it says of its own tool holds either way.
    """
    found = described(call.tool, context.connections)
    if found is None:
        return frozenset()
    connection, operation = found
    listed = compiled(context.policy.catalogue).tool(call.tool) is not None
    if listed:
        return frozenset() if connection.adapter == "rest" else operation.hints
    outside = "://" in connection.target and not connection.private
    return operation.hints | {Hint.OPEN_WORLD} if outside else operation.hints


def with_hosts(reading: SessionReading, call: ToolCall, context: Context) -> SessionReading:
    """Return the reading in which each outward action that names nobody reaches the service itself."""
    facts = reading.facts
    connection = _connection(call, context) if any(map(_reaches_nobody, facts.actions)) else None
    if connection is None or "://" not in connection.target:
        return reading
    return replace(reading, facts=_reaching(facts, connection))


def _reaching(facts: Facts, connection: Connection) -> Facts:
    host = url_target(connection.target)
    actions = (
        replace(action, targets=(*action.targets, host)) if _reaches_nobody(action) else action
        for action in facts.actions
    )
    return replace(facts, actions=tuple(actions))


def _reaches_nobody(action: Action) -> bool:
    return action.kind is Kind.OUTWARD and not any(target.kind in REACHED for target in action.targets)


def _connection(call: ToolCall, context: Context) -> Connection | None:
    """Return the connected service that the call is for; where there is one alone of its kind, it need not say."""
    found = described(call.tool, context.connections)
    if found is not None:
        return found[0]
    known = compiled(context.policy.catalogue).tool(call.tool)
    if known is None:
        return None
    adapter = known[1].get("adapter")
    fitting = {name: each for name, each in context.connections.items() if each.adapter == adapter}
    named = call.params.get("connection")
    if named is None and len(fitting) == 1:
        return next(iter(fitting.values()))
    return fitting.get(named) if isinstance(named, str) else None
