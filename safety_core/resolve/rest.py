"""A call of an operation that an OpenAPI description names -> the request that it is.

Where the request goes is the operator's word (the connection's target), never the description's and never the call's: a
path parameter is one segment of the path, whatever it holds, and anything that could be more is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from safety_core.canonical import Json, JsonObject, canonical_bytes
from safety_core.errors import ExecutionError
from safety_core.model.connection import Connection, Operation
from safety_core.model.secret import REFERENCE, SecretName, reference, references, refs_in
from safety_core.resolve.openapi import FORM_TYPE, SLOTS
from safety_core.resolve.plan import Access, HttpPlan
from safety_core.resolve.schema import check_arguments
from safety_core.wire.lenient import object_of

BASE: Final = re.compile(r"https?://[^/?#\\\s@]+(?:/[^?#\\\s]*)?")
PLACE: Final = re.compile(r"\{([^{}]*)\}")

BREAKS: Final = re.compile(r"[/\\\x00-\x1f\x7f]")
"""What some readers of a path take for the end of a segment, even where it is percent-encoded."""


def rest_plan(connection: Connection, operation: Operation, arguments: JsonObject, seconds: float) -> HttpPlan:
    """Return the request.

    Raises:
        ExecutionError: the arguments do not fit the description, or the connection cannot be used.
    """
    tool = f"{connection.name}.{operation.name}"
    check_arguments(arguments, operation.parameters, tool)
    detail, places = operation.detail, object_of(operation.detail.get("places"))
    method = str(detail.get("method", "GET"))
    headers = [
        (name, _text(name, arguments[name])) for name in places if places[name] == "header" and name in arguments
    ]
    pairs = [pair for name in places if places[name] == "query" for pair in _pairs(name, arguments.get(name))]
    kind, body = _body(detail, arguments)
    if body:
        headers.append(("Content-Type", kind))
    way = _way(connection, detail)
    basic: SecretName | None = None
    for one in way:
        by, name = str(object_of(one).get("by")), str(object_of(one).get("name", ""))
        secret = connection.secrets[SLOTS[by]]
        match by:
            case "basic":
                basic = secret
            case "bearer":
                headers.append(("Authorization", f"Bearer {reference(secret)}"))
            case "header":
                headers.append((name, reference(secret)))
            case _:
                pairs.append((name, reference(secret)))
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)
    url = base_of(connection) + _path(str(detail.get("path", "/")), arguments) + (f"?{query}" if query else "")
    keyed = detail.get("keyed") is True or (method == "POST" and connection.options.get("idempotency") is True)
    refs = refs_in([url, body, *(part for header in headers for part in header)])
    access = access_of(connection, basic=(connection.user, basic) if basic else None)
    every = tuple(dict.fromkeys((*refs, basic) if basic else refs))
    return HttpPlan(method, url, tuple(headers), body, every, seconds, keyed=keyed, access=access)


def access_of(
    connection: Connection, *, basic: tuple[str, SecretName] | None = None, signed: SecretName | None = None
) -> Access:
    """Return how requests get into the connection's service."""
    ca = connection.options.get("ca")
    return Access(connection.name, connection.private, basic, signed, ca if isinstance(ca, str) else "")


def base_of(connection: Connection) -> str:
    """Return where the service's paths begin. Raises ExecutionError: the target is no such place."""
    thing, target = f"connection {connection.name}", connection.target
    if not BASE.fullmatch(target) or references(target):
        raise ExecutionError(thing, "has no URL of a service as its target", 'write target = "https://api.example"')
    if target.startswith("http://") and not connection.private:
        fix = "write https://, or private = true where it lies in this network"
        raise ExecutionError(thing, "would send secrets over plain http", fix)
    return target.rstrip("/")


def _path(template: str, arguments: JsonObject) -> str:
    """Return the path; each parameter is one segment, or a part of one, and stays it."""

    def segment(match: re.Match[str]) -> str:
        text = _text(match[1], arguments.get(match[1]))
        if not text or text.strip(".") == "" or BREAKS.search(text) or references(text):
            fix = "give the bare id, without slashes, dots alone or secrets"
            raise ExecutionError(f"argument {match[1][:80]}", "cannot stand in the path of a request", fix)
        return quote(text, safe="")

    return PLACE.sub(segment, template)


def _pairs(name: str, value: Json) -> Iterator[tuple[str, str]]:
    """Yield what a query says of one parameter; a list is said item by item."""
    for item in value if isinstance(value, list) else [value]:
        if item is not None:
            yield name, _text(name, item)


def _text(name: str, value: Json) -> str:
    """Return a plain value as a header, a path or a query spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ExecutionError(f"argument {name[:80]}", "must be text, a number, or true or false")


def _encoded(text: str) -> str:
    """Percent-encode a text, but for its references: what fills them encodes the values."""
    return _outside(text, lambda piece: quote(piece, safe=""))


def _outside(text: str, written: Callable[[str], str]) -> str:
    """Return `text` with all that is no reference written otherwise."""
    parts: list[str] = []
    end = 0
    for match in REFERENCE.finditer(text):
        parts += written(text[end : match.start()]), match[0]
        end = match.end()
    return "".join([*parts, written(text[end:])])


def _body(detail: JsonObject, arguments: JsonObject) -> tuple[str, str]:
    """Return the body's media type and text; nothing where the call gives none."""
    kind, fields, whole = str(detail.get("type", "")), detail.get("fields"), str(detail.get("whole", ""))
    content: Json = arguments.get(whole) if whole else None
    if isinstance(fields, list):
        given = {str(name): arguments[str(name)] for name in fields if str(name) in arguments}
        content = given or None
    if content is None:
        return "", ""
    if kind != FORM_TYPE:
        return kind, canonical_bytes(content).decode()
    pairs = [pair for name, value in object_of(content).items() for pair in _pairs(name, value)]
    return kind, "&".join(f"{quote_plus(name)}={_outside(value, quote_plus)}" for name, value in pairs)


def _way(connection: Connection, detail: JsonObject) -> list[Json]:
    """Return what the service wants to be shown, by the first of its ways in for which the connection has secrets."""
    said = detail.get("security")
    ways = [way for way in said if isinstance(way, list)] if isinstance(said, list) else []
    if not ways:
        return _own_way(connection)
    for way in ways:
        if all(SLOTS.get(str(object_of(one).get("by"))) in connection.secrets for one in way):
            return way
    slots = sorted({SLOTS.get(str(object_of(one).get("by")), "") for way in ways for one in way})
    fix = f'name a secret in the edge\'s settings: secrets = {{ {slots[0]} = "NAME" }}'
    raise ExecutionError(f"connection {connection.name}", f"has no secret in the slot {' or '.join(slots)}", fix)


def _own_way(connection: Connection) -> list[Json]:
    """Return the way in of a service that says nothing of it: what the operator named."""
    header = connection.options.get("key_header")
    ways: dict[str, Json] = {"token": {"by": "bearer"}, "password": {"by": "basic"}}
    if isinstance(header, str):
        ways["key"] = {"by": "header", "name": header}
    return [way for slot, way in ways.items() if slot in connection.secrets][:1]
