"""One event from its bytes to the host's answer. Nothing that goes wrong here lets anything pass."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Final

from safety_core.canonical import Json
from safety_core.cli.hook.answer import Answer, Word
from safety_core.cli.hook.deadline import end_after, no_end
from safety_core.cli.hook.event import Event, Kind, event_from
from safety_core.cli.hook.spoken import WITHHELD, Host, Spoken, refused, spoken, withheld
from safety_core.errors import SafetyError
from safety_core.wire.lenient import object_of
from safety_core.wire.reader import BODY_LIMIT

Judge = Callable[[Event], Answer]
"""Event -> what is to become of it; raises SafetyError."""

CLOSED: Final = "nothing is let through that could not be judged"

READ: Final = 8 * BODY_LIMIT
"""Bytes of an event that are read: what is too large to be judged may be a result, which has to be taken away."""

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|["{}\[\]:]', re.DOTALL)
"""Of JSON, what says where a name stands. A quote alone begins a text that does not end."""


def listen(host: Host, judge: Judge, *, seconds: float, permit: bool) -> int:
    """Answer the event on standard input, within `seconds`, and return the exit status."""
    end_after(seconds)
    try:
        heard = heard_from(sys.stdin.buffer.read(READ + 1), host, judge, permit=permit)
        sys.stdout.write(heard.out + "\n" if heard.out else "")
        sys.stdout.flush()
        sys.stderr.write(heard.err + "\n" if heard.err else "")
    except BaseException as error:  # noqa: BLE001 - also an interrupt, and a host that has gone
        heard = refused(f"blocked. Internal error ({type(error).__name__}); {CLOSED}")
        sys.stderr.write(heard.err + "\n")
    no_end()
    return heard.status


def heard_from(raw: bytes, host: Host, judge: Judge, *, permit: bool = False) -> Spoken:
    """Return what `host` is told about the event in `raw`."""
    try:
        event = event_from(raw)
    except SafetyError as error:
        told = f"{error} ({CLOSED})"
        said = _raw_result(raw)
        return refused(f"blocked. {told}") if said is None else spoken(host, Kind.RESULT, _taken_away(said[0], told))
    return spoken(host, event.kind, _judged(event, judge), permit=permit)


def _judged(event: Event, judge: Judge) -> Answer:
    try:
        return judge(event)
    except SafetyError as error:
        reason = f"{error} ({CLOSED})"
    except Exception as error:  # noqa: BLE001 - a bug of ours: its text may quote the call
        reason = f"internal error, {type(error).__name__} ({CLOSED})"
    return _taken_away(event.said, reason) if event.kind is Kind.RESULT else Answer(Word.BLOCK, reason)


def _raw_result(raw: bytes) -> tuple[Json] | None:
    """Return the result in an event that cannot be judged: exit status 2 would leave it before the model."""
    try:
        body = object_of(json.loads(raw))
    except (ValueError, RecursionError):
        return (WITHHELD,) if _kinds_in(raw) == {json.dumps(Kind.RESULT.value).encode()} else None
    return (body.get("tool_response"),) if body.get("hook_event_name") == Kind.RESULT.value else None


def _kinds_in(raw: bytes) -> set[bytes]:
    """Return which kinds an event says that it is, in quotes, without reading the rest: whoever answers a tool's call
    chooses how deep its result is nested. What stands in arguments or in a result lies deeper, or in a text."""
    found, depth, last = set[bytes](), 0, (b"", b"")
    for token in (match[0] for match in _TOKEN.finditer(raw)):
        if token == b'"':
            break
        depth += (token in {b"{", b"["}) - (token in {b"}", b"]"})
        if depth == 1 and last == (b'"hook_event_name"', b":"):
            found.add(token)
        last = (last[1], token) if depth == 1 else (b"", b"")
    return found


def _taken_away(said: Json, reason: str) -> Answer:
    try:
        clean = withheld(said)
    except RecursionError:
        clean = WITHHELD
    return Answer(Word.BLOCK, reason, clean=clean)
