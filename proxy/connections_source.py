"""The settings `[connections.NAME]` -> the services that the operator has connected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from safety_core.errors import InputError
from safety_core.model.connection import CONNECTION_NAME, Connection, Connections
from safety_core.model.secret import SecretName, secret_name
from safety_core.wire.reader import Reader

CREDENTIALS: Final = re.compile(r"://[^/@\s]*:[^/@\s]*@")
"""A password in a URL."""


def connections_from(source: Reader) -> Connections:
    """Return the connections by name. Raises InputError naming the setting."""
    return MappingProxyType({name: _connection(name, source.object(name)) for name in source.keys()})  # noqa: SIM118


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
