"""A service that the operator has connected: where it is and which secrets open it, never their values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import Hint

CONNECTION_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
"""Names stand in front of a tool's name ("crm.create_contact"), in settings and in questions."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One tool that a connected service describes itself: of an MCP server, or of an OpenAPI description.

    Attributes:
        words: what it does, as the service says; for people and models, believed in nothing.
        parameters: JSON Schema of its arguments.
        hints: what makes it graver, by its own annotations or its HTTP method.
        fingerprint: sha256 of its definition as it was pinned, hexadecimal: one that changed since is not called.
        detail: what the adapter needs to call it, such as method and path.
    """

    name: str
    words: str = ""
    parameters: JsonObject = field(default_factory=dict)
    hints: frozenset[Hint] = frozenset()
    fingerprint: str = ""
    detail: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Connection:
    """One connected service.

    Attributes:
        name: as tools and people call it, of the form `CONNECTION_NAME`.
        adapter: a name in the catalogue's section `adapters` ("sql", "mail").
        target: a URL without user and password, a path, or a command line, as the adapter has it.
        user: who we are there; empty where nobody is asked.
        secrets: by slot ("password"), the secret of the vault that fills it.
        private: it may lie on this machine or in its network.
        options: what else the adapter's manifest knows.
        operations: by name, the tools that it describes itself, as pinned; empty where the manifest names them all.
    """

    name: str
    adapter: str
    target: str
    user: str = ""
    secrets: Mapping[str, SecretName] = field(default_factory=lambda: MappingProxyType({}))
    private: bool = False
    options: JsonObject = field(default_factory=dict)
    operations: Mapping[str, Operation] = field(default_factory=lambda: MappingProxyType({}))


Connections = Mapping[str, Connection]
"""By name."""

NONE: Final[Connections] = MappingProxyType({})


def described(tool: str, connections: Connections) -> tuple[Connection, Operation] | None:
    """Return the connection and the operation that a tool "NAME.OPERATION" means, None where it means none."""
    name, dot, operation = tool.partition(".")
    connection = connections.get(name) if dot else None
    found = connection.operations.get(operation) if connection else None
    return (connection, found) if connection and found else None
