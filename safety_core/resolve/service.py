"""A call to a connected service -> the plan that a child process carries out.

    adapters:                           # in the catalogue: one manifest for each kind of service
      sql:
        words: a database
        slots: [password]               # secrets that a connection of this kind may name
        options: {read_only: refuses whatever writes}
        repeat: ask                     # after a crash in the middle: safe, keyed (by an idempotency key), or ask
    tools:
      sql_query:
        adapter: sql
        operation: query                # as the adapter calls it; left out: the tool's own name
        parameters:                     # JSON Schema of the arguments besides `connection`; others are refused
          properties: {query: {type: string}}

A tool that the service describes itself ("crm.create_contact") needs no entry: it is judged by its name and its
annotations, until the security team lists it.
"""

from __future__ import annotations

from typing import Final

from safety_core.canonical import JsonObject
from safety_core.errors import ExecutionError
from safety_core.model.connection import Connection, Connections, described
from safety_core.model.secret import SecretName, refs_in
from safety_core.resolve.arguments import LONGEST_SECONDS, Arguments
from safety_core.resolve.plan import HttpPlan, ServicePlan
from safety_core.resolve.rest import rest_plan
from safety_core.resolve.schema import check_arguments
from safety_core.resolve.webhook import webhook_plan
from safety_core.wire.lenient import object_of

SERVICE_SECONDS: Final = 60.0
"""How long an operation may take when neither the call nor the connection's option `timeout` says."""

REST: Final = "rest"
WEBHOOK: Final = "webhook"
"""Adapters whose operations are HTTP requests, which the edge makes itself."""


def described_plan(given: Arguments, tool: str, connections: Connections) -> ServicePlan | HttpPlan | None:
    """Return the plan of a tool that a connected service describes itself, None where no service does.

    Raises:
        ExecutionError: an argument cannot be honoured.
    """
    found = described(tool, connections)
    if found is None:
        return None
    connection, operation = found
    seconds, arguments = _seconds(connection), given.rest()
    if connection.adapter == REST:
        return rest_plan(connection, operation, arguments, seconds)
    check_arguments(arguments, operation.parameters, tool)
    return _plan(connection, operation.name, arguments, seconds)


def listed_plan(
    given: Arguments, tool: str, entry: JsonObject, adapter: str, catalogue: JsonObject, connections: Connections
) -> ServicePlan | HttpPlan:
    """Return the plan of a tool that the catalogue lists with one of its adapters.

    Raises:
        ExecutionError: the edge does not run this tool, or has no such connection, or not with these arguments.
    """
    adapters = catalogue.get("adapters")
    if not isinstance(adapters, dict) or adapter not in adapters:
        pins = "connect the service named before the dot, and pin its operations: safety connection pin NAME"
        fix = pins if "." in tool else "let the agent's own runtime run it"
        raise ExecutionError(f"tool {tool}", "is not one that the edge runs", fix)
    connection = _connection(given, adapter, connections)
    seconds = given.seconds(_seconds(connection))
    arguments = given.rest()
    parameters = object_of(entry.get("parameters"))
    properties = object_of(parameters.get("properties"))
    extra = ", ".join(sorted(arguments.keys() - properties.keys()))
    if extra:
        known = ", ".join(["connection", *properties])
        fix = f"leave out {extra}; it takes {known}"
        raise ExecutionError(f"tool {tool}", "has arguments that the edge cannot honour", fix)
    check_arguments(arguments, parameters, tool)
    if adapter == WEBHOOK:
        return webhook_plan(connection, arguments, seconds)
    return _plan(connection, str(entry.get("operation", tool)), arguments, seconds)


def _seconds(connection: Connection) -> float:
    """Return how long an operation may take where the call does not say."""
    said = connection.options.get("timeout")
    usable = isinstance(said, int | float) and not isinstance(said, bool) and 0 < said <= LONGEST_SECONDS
    return float(said) if usable and isinstance(said, int | float) else SERVICE_SECONDS


def _plan(connection: Connection, operation: str, arguments: JsonObject, seconds: float) -> ServicePlan:
    refs: tuple[SecretName, ...] = (*refs_in(arguments), *connection.secrets.values())
    return ServicePlan(connection.adapter, connection, operation, arguments, tuple(dict.fromkeys(refs)), seconds)


def _connection(given: Arguments, adapter: str, connections: Connections) -> Connection:
    """Return the connection that the call names; where there is one alone of this kind, it need not."""
    fitting = sorted(name for name, connection in connections.items() if connection.adapter == adapter)
    name = given.text("connection", fitting[0] if len(fitting) == 1 else None) if fitting else ""
    if name not in fitting:
        known = ", ".join(fitting) or "none is set up; the operator writes [connections.NAME] in the edge's settings"
        raise given.error("connection", f"must be a connection of the kind {adapter}: {known}")
    return connections[name]
