"""Connected services: the settings `[connections.NAME]`, and the operations that were pinned for one of them.

PINS   {"format": 1, "adapter", "target", "operations": [OPERATION]}      what `safety connection pin` keeps on disk
OPERATION  {"name", "words", "parameters", "hints": [HINT], "fingerprint", "detail"}

Pins hold for the adapter and the target that they were made for: another service gets none of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.errors import InputError
from safety_core.model.connection import CONNECTION_NAME, Connection, Connections, Operation
from safety_core.model.secret import SecretName, secret_name
from safety_core.model.tool_call import Hint
from safety_core.wire.reader import Reader

FORMAT: Final = 1
"""Of the pins on disk."""

CREDENTIALS: Final = re.compile(r"://[^/@\s]*:[^/@\s]*@")
"""A password in a URL."""


def connections_from(source: Reader) -> Connections:
    """Return the connections by name. Raises InputError naming the setting."""
    return MappingProxyType({name: _connection(name, source.object(name)) for name in source.keys()})  # noqa: SIM118


def pins_json(connection: Connection) -> JsonObject:
    """Return the operations of a connection as they are kept."""
    operations: list[JsonObject] = [
        {
            "name": operation.name,
            "words": operation.words,
            "parameters": operation.parameters,
            "hints": [*sorted(operation.hints)],
            "fingerprint": operation.fingerprint,
            "detail": operation.detail,
        }
        for operation in connection.operations.values()
    ]
    return {
        "format": FORMAT,
        "adapter": connection.adapter,
        "target": connection.target,
        "operations": [*operations],
    }


def pinned(connection: Connection, raw: bytes) -> Connection:
    """Return the connection with its pinned operations.

    A service outside of this network works with whoever is outside, whatever it says of itself.

    Raises:
        InputError: these are no pins, or those of another service.
    """
    body = Reader.parse(raw, f"pins of {connection.name}")
    fix = f"safety connection pin {connection.name}"
    if body.integer("format") != FORMAT:
        raise InputError(body.path, "were kept by another version", fix)
    if (body.text("adapter"), body.text("target")) != (connection.adapter, connection.target):
        raise InputError(body.path, "were made for another adapter or target", fix)
    outside = frozenset({Hint.OPEN_WORLD}) if connection.adapter == "rest" and not connection.private else frozenset()
    operations = [_operation(each) for each in body.objects("operations")]
    body.done()
    by_name = {each.name: replace(each, hints=each.hints | outside) for each in operations}
    return replace(connection, operations=MappingProxyType(by_name))


def _operation(body: Reader) -> Operation:
    operation = Operation(
        body.text("name"),
        body.text("words", limit=10_000),
        body.mapping("parameters"),
        frozenset(map(_hint, body.texts("hints"))),
        body.text("fingerprint"),
        body.mapping("detail"),
    )
    body.done()
    return operation


def _hint(word: str) -> Hint:
    if word not in set(Hint):
        raise InputError("hint", f"must be one of {', '.join(Hint)}")
    return Hint(word)


def _connection(name: str, source: Reader) -> Connection:
    if not CONNECTION_NAME.fullmatch(name):
        raise InputError(source.path, "must be named in lower-case letters, digits, _ and -, beginning with a letter")
    connection = Connection(
        name,
        source.text("adapter"),
        _target(source),
        source.text("user", ""),
        _secrets(source.object("secrets")) if source.has("secrets") else MappingProxyType({}),
        source.flag("private", default=False),
        source.mapping("options") if source.has("options") else {},
    )
    source.done()
    return connection


def _target(source: Reader) -> str:
    target = source.text("target")
    if CREDENTIALS.search(target):
        fix = 'keep the password in the vault: safety secret set NAME, and secrets = { password = "NAME" }'
        raise InputError(f"{source.path}.target", "holds a password", fix)
    return target


def _secrets(source: Reader) -> Mapping[str, SecretName]:
    return MappingProxyType({slot: secret_name(source.text(slot)) for slot in source.keys()})  # noqa: SIM118
