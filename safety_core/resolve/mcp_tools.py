"""A tool as an MCP server defines it -> the operation that agents may call, pinned by its definition's fingerprint.

A definition is words for a model, written by whoever runs the server, and may change after somebody has looked at it.
So it is looked at once, and a tool whose definition is another one by now is not called.
"""

from __future__ import annotations

import re
from typing import Final

from safety_core.canonical import Digest, JsonObject, digest
from safety_core.errors import InputError
from safety_core.model.connection import Operation
from safety_core.resolve.inlined import Inliner
from safety_core.wire.calls import hints_from
from safety_core.wire.lenient import object_of

TOOL_NAME: Final = re.compile(r"[A-Za-z0-9_./-]{1,100}")
"""Names that may stand behind a connection's name; the protocol recommends no others."""

DEFINED_BY: Final = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
"""What of a tool's definition models or people are shown, or go by."""

WORDS: Final = 8000
"""Characters of a description; longer ones serve no model, and hide what they say from people."""


def fingerprint_of(tool: JsonObject) -> Digest:
    """Return what changes when a tool's definition does. Raises InputError: it has no canonical form."""
    return digest({name: tool.get(name) for name in DEFINED_BY})


def operation_of(tool: JsonObject) -> Operation:
    """Return the operation.

    Raises:
        InputError: it cannot be called: by its name, its schema, or its length.
    """
    name, words, schema = tool.get("name"), tool.get("description") or "", tool.get("inputSchema")
    if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
        raise InputError("a tool", "has a name that cannot stand behind a connection's")
    if not isinstance(words, str) or len(words) > WORDS:
        raise InputError(name, f"is described in more than {WORDS} characters")
    if not isinstance(schema, dict):
        raise InputError(name, "has no schema of its arguments")
    parameters = Inliner(schema).inlined(schema, name)
    return Operation(
        name,
        words,
        parameters if isinstance(parameters, dict) else {},
        hints_from(object_of(tool.get("annotations"))),
        fingerprint_of(tool),
    )
