"""An event that a connected receiver is told of -> the request that says so, signed as Standard Webhooks has it.

The receiver knows a second delivery by `webhook-id`, which is made of the execution's key: another try is no new event.
"""

from __future__ import annotations

from dataclasses import replace

from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.errors import ExecutionError
from safety_core.model.connection import Connection
from safety_core.model.secret import refs_in
from safety_core.resolve.plan import HttpPlan
from safety_core.resolve.rest import access_of, base_of


def webhook_plan(connection: Connection, arguments: JsonObject, seconds: float) -> HttpPlan:
    """Return the request: `event` and `payload` of the call, as {"type", "data"}.

    Raises:
        ExecutionError: the connection names no secret to sign with, or has no URL.
    """
    secret = connection.secrets.get("secret")
    if secret is None:
        thing, fix = f"connection {connection.name}", 'name one in the edge\'s settings: secrets = { secret = "NAME" }'
        raise ExecutionError(thing, "has no secret to sign with", fix)
    base_of(replace(connection, target=connection.target.partition("?")[0]))
    body = canonical_bytes({"type": arguments.get("event"), "data": arguments.get("payload", {})}).decode()
    access = access_of(connection, signed=secret)
    headers = (("Content-Type", "application/json"),)
    refs = tuple(dict.fromkeys((*refs_in(body), secret)))
    return HttpPlan("POST", connection.target, headers, body, refs, seconds, keyed=True, access=access)
