"""`safety usage`: recorded provider responses -> their token counts in normal form."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from safety_core.errors import InputError
from safety_core.meter.recorded import usage_of
from safety_core.model.usage import Usage


@click.command(short_help="Count the tokens of recorded responses.")
def usage() -> None:
    """Read responses as JSON Lines, write their usage as JSON Lines, one answer per line, in order.

    \b
    in   {"id", "body", "api"?, "provider"?, "stream"?, "format"?,
          "content_type"?}
    out  {"id", "input_total", "output_total", "cache_read", "cache_write",
          "cache_write_1h", "reasoning", "tool_prompt", "stated", "error"?}

    `body` is the raw response: JSON, server-sent events, JSON Lines, an array of events, or base64 of an AWS event
    stream. The input total includes cached tokens; the output total includes reasoning. "stated" is false where the
    response holds no counts; "error" says why a line was no question.
    """
    for number, line in enumerate(sys.stdin.buffer, 1):
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
