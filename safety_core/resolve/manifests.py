"""What the operator connected, held against the manifests in the signed catalogue: what would not work, told early."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.errors import InputError
from safety_core.model.connection import Connection, Connections
from safety_core.wire.lenient import object_of

DESCRIBE_THEMSELVES: Final = frozenset({"rest", "mcp"})
"""Adapters whose services say themselves what they do: without pins they have no tools."""


def misfits(connections: Connections, catalogue: JsonObject) -> Iterator[InputError]:
    """Yield what of the connections no call could use."""
    adapters = object_of(catalogue.get("adapters"))
    for name, connection in connections.items():
        manifest = adapters.get(connection.adapter)
        if not isinstance(manifest, dict):
            known = ", ".join(sorted(adapters)) or "none"
            reason = f"is of a kind that the policy does not know ({known})"
            yield InputError(f"setting connections.{name}.adapter", reason, "write one of those")
            continue
        yield from _unknown(connection, manifest)
        if connection.adapter in DESCRIBE_THEMSELVES and not connection.operations:
            yield InputError(f"connection {name}", "has no operations yet", f"safety connection pin {name}")


def _unknown(connection: Connection, manifest: JsonObject) -> Iterator[InputError]:
    slots, options = manifest.get("slots"), object_of(manifest.get("options"))
    slots = slots if isinstance(slots, list) else []
    program = connection.adapter == "mcp" and "://" not in connection.target  # its slots are names of its own variables
    for where, given, known in (("secrets", connection.secrets, slots), ("options", connection.options, [*options])):
        for field in given:
            if field not in known and not (program and where == "secrets"):
                reason = f"is not known to the adapter {connection.adapter}"
                fix = f"write one of {', '.join(map(str, known))}" if known else "leave it out"
                yield InputError(f"setting connections.{connection.name}.{where}.{field}", reason, fix)
