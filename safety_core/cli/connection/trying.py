"""One operation of a connection, run as the edge runs it: in the same child, with the same limits, the secrets lent and
noted. No agent asked for it, so no policy is asked either: a person did, who holds the vault's key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from safety_core.cli.secret.opening import opened
from safety_core.edge import clock
from safety_core.edge.adapters.request import CHECK
from safety_core.edge.execute import Limits, execute
from safety_core.edge.home import Home
from safety_core.errors import ExecutionError
from safety_core.model.connection import Connection, Operation
from safety_core.model.secret import SecretName, SecretValue, Use
from safety_core.model.tool_call import AgentId, ToolResult
from safety_core.resolve import HttpPlan, Plan, ServicePlan
from safety_core.resolve.rest import access_of, rest_plan
from safety_core.resolve.webhook import webhook_plan

SECONDS: Final = 30.0
OUTPUT: Final = 8 * 1024 * 1024
"""Bytes of what a service says of itself."""

REFUSED: Final = frozenset({401, 403})
"""The secret is wrong, or may not do this (RFC 9110)."""

WHO: Final = AgentId("command line")


def tried(connection: Connection, home: Home) -> str:
    """Return, in one line, what a harmless try of the connection reached.

    Raises:
        SafetyError: it does not work; the error says why and what to do.
    """
    if connection.adapter == "rest":
        operation = _harmless(connection)
        status = run(rest_plan(connection, operation, {}, SECONDS), home).status
        if status in REFUSED:
            fix = f"see which secret its settings name, and keep the right one: safety secret set {_secret(connection)}"
            raise ExecutionError(f"connection {connection.name}", f"refused its secret (status {status})", fix)
        return f"{operation.name} answers with status {status}"
    if connection.adapter == "webhook":
        refs = webhook_plan(connection, {"event": CHECK}, SECONDS).refs
        access = access_of(connection)
        status = run(HttpPlan("HEAD", connection.target, (), "", refs, SECONDS, access=access), home).status
        return f"answers with status {status}; nothing was delivered"
    return run(asked(connection, CHECK), home).output


def _harmless(connection: Connection) -> Operation:
    """Return an operation that only reads and needs no argument: a pinned one, or a look at where the paths begin."""
    for operation in connection.operations.values():
        if operation.detail.get("method") == "GET" and not operation.parameters.get("required"):
            return operation
    return Operation("its address", detail={"method": "GET", "path": "/"})


def _secret(connection: Connection) -> str:
    return next(iter(connection.secrets.values()), SecretName("NAME"))


def asked(connection: Connection, operation: str) -> ServicePlan:
    """Return the plan of one operation without arguments."""
    refs = tuple(dict.fromkeys(connection.secrets.values()))
    return ServicePlan(connection.adapter, connection, operation, {}, refs, SECONDS)


def fetched(connection: Connection, url: str, home: Home) -> ToolResult:
    """Return what stands at an address that the operator names, fetched without the connection's secrets."""
    access = access_of(connection)
    return run(HttpPlan("GET", url, (), "", (), SECONDS, access=access), home)


def run(plan: Plan, home: Home) -> ToolResult:
    """Run one plan with the secrets that it refers to. Raises SafetyError."""
    values: Mapping[SecretName, SecretValue] = {}
    if plan.refs:
        with opened(home) as vault:
            use, now = Use(WHO, "connection", clock.new_id()), clock.now()
            values = {name: vault.hand(name, use, now) for name in plan.refs}
    return asyncio.run(execute(plan, values, Limits(output=OUTPUT), key=clock.new_id()))
