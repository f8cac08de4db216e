"""What an operator has on disk or fetches: the edge's settings, OpenAPI descriptions, OpenClaw's configuration."""

from __future__ import annotations

from dataclasses import replace

from fuzz.memory_file import MemoryFile
from fuzz.trial import Target
from proxy.settings_source import load_settings
from safety_core.canonical import canonical_bytes
from safety_core.cli.connection.description import tree_of
from safety_core.model.connection import Connection
from safety_core.resolve.openapi import operations_of
from safety_core.wire.connections import pinned, pins_json

_REST = Connection("shop", "rest", "https://shop.example/api")


def start() -> Target:
    """Return the reader; the first byte says of what."""
    file = MemoryFile()
    given = {"SAFETY_HOME": "/home/edge", "SAFETY_EDGE_TENANT": "bakery", "SAFETY_EDGE_WORKSPACE": "/workspace"}

    def read(raw: bytes) -> None:
        if raw[:1] == b"T":
            file.put(raw[1:])
            load_settings(file.path, {"SAFETY_HOME": "/home/edge"})
        elif raw[:1] == b"E":
            name, _, text = raw[1:].decode("utf-8", "replace").partition("=")
            load_settings(None, {**given, f"SAFETY_EDGE_{name}": text})
        else:
            _described(raw[1:])

    return read


def _described(raw: bytes) -> None:
    """What can be called is kept, and read again, as the same."""
    described = operations_of(tree_of(raw, "file"))
    connection = replace(_REST, operations=described.operations)
    kept = canonical_bytes(pins_json(connection))
    again = pinned(_REST, kept)
    for name, operation in described.operations.items():
        assert again.operations[name].parameters == operation.parameters, "kept, it reads differently"
        assert operation.hints <= again.operations[name].hints, "kept, it is milder"
