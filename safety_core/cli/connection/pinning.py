"""What a service describes now, beside what is pinned of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from safety_core.canonical import Json
from safety_core.cli.connection.description import description_of
from safety_core.cli.connection.trying import asked, run
from safety_core.edge.connections import with_pins
from safety_core.edge.home import Home
from safety_core.errors import InputError
from safety_core.model.connection import Connection, Operation
from safety_core.resolve.manifests import DESCRIBE_THEMSELVES
from safety_core.resolve.mcp_tools import operation_of
from safety_core.resolve.openapi import Described, operations_of
from safety_core.wire.reader import parse_json


@dataclass(frozen=True, slots=True)
class Findings:
    """What a service describes now.

    Attributes:
        before: what is pinned of it.
        left_out: by name, why it cannot be called.
    """

    now: Mapping[str, Operation]
    before: Mapping[str, Operation]
    left_out: Mapping[str, str]

    def change(self, name: str) -> str:
        """Return in a word how an operation stands to what is pinned."""
        if name not in self.before:
            return "new"
        if name not in self.now:
            return "gone"
        return "same" if self.now[name].fingerprint == self.before[name].fingerprint else "changed"


def findings_of(connection: Connection, place: str, home: Home) -> Findings:
    """Look at what a service describes.

    Args:
        place: of an OpenAPI description: a path or an address; empty for the one that the settings name.

    Raises:
        InputError: the service does not describe itself, or not so that it can be read.
        SafetyError: it cannot be reached.
    """
    if connection.adapter not in DESCRIBE_THEMSELVES:
        reason = f"is of the kind {connection.adapter}, whose operations the signed policy lists"
        raise InputError(f"connection {connection.name}", reason, "there is nothing to pin")
    described = _rest(connection, place, home) if connection.adapter == "rest" else _mcp(connection, home)
    before: Mapping[str, Operation] = {}
    with suppress(InputError):  # of another target, or another version: as good as none
        before = with_pins(home, connection).operations
    return Findings(described.operations, before, described.left_out)


def _rest(connection: Connection, place: str, home: Home) -> Described:
    named = place or connection.options.get("description")
    if not isinstance(named, str) or not named:
        fix = "name it: --description FILE or URL, or options = { description = ... }"
        raise InputError(f"connection {connection.name}", "has no OpenAPI description", fix)
    return operations_of(description_of(connection, named, home))


def _mcp(connection: Connection, home: Home) -> Described:
    result = run(asked(connection, "list"), home)
    if result.truncated:
        raise InputError(f"connection {connection.name}", "describes its tools in too many words")
    tools = parse_json(result.output, f"tools of {connection.name}")
    operations: dict[str, Operation] = {}
    left_out: dict[str, str] = {}
    for tool in tools if isinstance(tools, list) else ():
        try:
            operation = operation_of(tool if isinstance(tool, dict) else {})
            if operation.name in operations:
                raise InputError(operation.name, "is the name of two tools")
            operations[operation.name] = operation
        except InputError as error:
            left_out[_name(tool)] = error.reason
    return Described(operations, left_out)


def _name(tool: Json) -> str:
    name = tool.get("name") if isinstance(tool, dict) else None
    return name if isinstance(name, str) else "a tool"
