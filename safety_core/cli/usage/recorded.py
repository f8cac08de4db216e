"""Recorded provider responses, as JSON Lines -> their token counts in normal form."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

import click

from safety_core.errors import InputError
from safety_core.meter.recorded import usage_of
from safety_core.model.usage import Usage


def recorded(lines: BinaryIO) -> None:
    """Answer each line. See `safety usage --help` for what they hold."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            click.echo(json.dumps(_answer(line, number)))


def _answer(line: bytes, number: int) -> dict[str, Any]:
    try:
        question = json.loads(line)
        body = question["body"]
    except (ValueError, RecursionError, KeyError, TypeError):
        error = InputError(f"line {number}", "is not a JSON object with a body", 'write {"id": ..., "body": "..."}')
        return {"id": None, **Usage().counts(), "stated": False, "error": str(error)}
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else json.dumps(body).encode()
    found = usage_of(raw)
    return {"id": question.get("id"), **(found or Usage()).counts(), "stated": found is not None}
