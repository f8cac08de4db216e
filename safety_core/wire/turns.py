"""Turns that begin, and what a host counted of them, parsed or refused.

POST /v1/turn         {"agent", "session", "run", "trace", "process"?, "prefix"?: {"soul", "tools"}}
POST /v1/usage-seen   {"agent", "run", "trace", "provider", "model",
                       "usage": {"input", "output", "cache_read", "cache_write"}}

`trace` and `process` have 32 lower-case hexadecimal digits, digests of the prefix 64 (or none: "").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from safety_core.errors import InputError
from safety_core.model.tool_call import AgentId, SessionId
from safety_core.wire.names import name, token
from safety_core.wire.reader import Reader

_DIGEST: Final = re.compile("(?:[0-9a-f]{64})?")


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that is about to begin.

    Attributes:
        trace: the W3C trace id with which its requests to the model will come.
        process: the one in which it begins, as it has checked in; empty if it does not say.
        soul, tools: sha256 of the parts of the prompt that stay the same from turn to turn, empty if not known.
    """

    agent: AgentId
    session: SessionId
    run: str
    trace: str
    process: str = ""
    soul: str = ""
    tools: str = ""


@dataclass(frozen=True, slots=True)
class UsageSeen:
    """What the agent's own host counted for one run, in tokens. `input` is without `cache_read` and `cache_write`."""

    agent: AgentId
    run: str
    trace: str
    provider: str
    model: str
    input: int
    output: int
    cache_read: int
    cache_write: int


def turn_from(raw: bytes) -> Turn:
    """Return the turn that begins, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    prefix = body.object("prefix") if body.has("prefix") else Reader({}, "request.prefix")
    turn = Turn(
        agent=AgentId(name(body, "agent")),
        session=SessionId(name(body, "session", "")),
        run=name(body, "run", ""),
        trace=token(body, "trace"),
        process=token(body, "process", ""),
        soul=_digest(prefix, "soul"),
        tools=_digest(prefix, "tools"),
    )
    prefix.done()
    body.done()
    return turn


def usage_seen_from(raw: bytes) -> UsageSeen:
    """Return what a host counted, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    usage = body.object("usage")
    seen = UsageSeen(
        agent=AgentId(name(body, "agent")),
        run=name(body, "run", ""),
        trace=token(body, "trace"),
        provider=name(body, "provider", ""),
        model=name(body, "model", ""),
        input=usage.integer("input", 0),
        output=usage.integer("output", 0),
        cache_read=usage.integer("cache_read", 0),
        cache_write=usage.integer("cache_write", 0),
    )
    usage.done()
    body.done()
    return seen


def _digest(body: Reader, field_name: str) -> str:
    value = body.text(field_name, "", limit=64)
    if not _DIGEST.fullmatch(value):
        raise InputError(f"{body.path}.{field_name}", "must have 64 lower-case hexadecimal digits, or none")
    return value
