"""Streams of every provider, with secrets in them: none comes out, however the bytes are cut.

The first byte says which provider; an upper-case letter means one of a realtime socket's messages a line. What is fed
is whole events: `sse`, `lines` and `aws` try what is none.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fuzz.planted import check_none, planted, redactor
from fuzz.trial import Target
from proxy.providers import realtime
from proxy.providers.dialects import DIALECTS
from safety_core.errors import SafetyError
from safety_core.flow.dialect import StreamEditor
from safety_core.wire.aws_events import MEDIA_TYPE, written

_TYPES = ("text/event-stream", "application/x-ndjson", "application/json", MEDIA_TYPE)


def start() -> Target:
    """Return the reader."""
    known = redactor()
    apis = (*DIALECTS.values(),)
    socket = realtime.Realtime(DIALECTS["openai"])

    def read(raw: bytes) -> None:
        if not raw:
            return
        lines = planted(raw[1:], escaped=True).split(b"\n")
        if raw[:1].isupper():
            for line in lines:
                _heard(line)
            _same(lambda: socket.editor(known, "", hide_usage=False), lines, cut=False)
            return
        api, kind = apis[raw[0] % len(apis)], _TYPES[raw[0] // len(apis) % len(_TYPES)]
        if api.editor(known, kind, hide_usage=True) is None:
            kind = next(each for each in _TYPES if api.editor(known, each, hide_usage=True) is not None)

        def make() -> StreamEditor:
            editor = api.editor(known, kind, hide_usage=True)
            assert editor is not None
            return editor

        _same(make, [_framed(line, kind, number) for number, line in enumerate(lines)], cut=True)

    return read


def _heard(line: bytes) -> None:
    for reader in (realtime.heard, realtime.told, lambda line: realtime.model_of(line.decode("latin-1"))):
        try:
            reader(line)
        except SafetyError:
            continue


def _framed(line: bytes, kind: str, number: int) -> bytes:
    if kind == _TYPES[0]:
        return b"data: " + line + b"\n\n"
    if kind == MEDIA_TYPE:
        return written({":event-type": "contentBlockDelta", ":message-type": "event"}, line)
    if kind == _TYPES[1]:
        return line + b"\n"
    return (b"," if number else b"[") + line


def _same(make: Callable[[], StreamEditor], pieces: list[bytes], *, cut: bool) -> None:
    whole, refused = _passed(make(), pieces)
    check_none(whole)
    if not cut:
        return
    raw, random = b"".join(pieces), Random(len(pieces))
    at, cuts = 0, []
    while at < len(raw):
        end = at + random.randrange(1, 40)
        cuts.append(raw[at:end])
        at = end
    other, also = _passed(make(), cuts)
    check_none(other)
    assert refused == also, "refused or not by the cuts alone"
    assert whole == other or (refused and (whole.startswith(other) or other.startswith(whole))), (
        "what leaves depends on the cuts"
    )


def _passed(editor: StreamEditor, pieces: list[bytes]) -> tuple[str, bool]:
    """Return what leaves, and whether the stream was refused: what had left before then has left."""
    left = b""
    try:
        for piece in pieces:
            left += editor.feed(piece).data
        left += editor.end().data
    except SafetyError:
        return left.decode("utf-8", "ignore"), True
    return left.decode("utf-8", "ignore"), False
