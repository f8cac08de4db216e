"""Bodies of every kind, and texts that come in pieces: no planted secret comes out, and a second pass changes nothing.

The first byte says how the rest is sent (`_WAYS`).
"""

from __future__ import annotations

import gzip
import json
import zlib
from itertools import pairwise
from random import Random

from fuzz.planted import VALUES, check_none, planted, redactor
from fuzz.trial import Target
from safety_core.errors import SafetyError
from safety_core.model.secret import references
from safety_core.redact.redactor import Redactor
from safety_core.redact.stream import StreamRedactor
from safety_core.wire.reader import parse_json

_JSON = "application/json"
_WAYS = {
    b"J": (_JSON, ""),
    b"N": ("application/x-ndjson", ""),
    b"T": ("text/plain", ""),
    b"U": ("text/plain; charset=utf-16", ""),
    b"G": (_JSON, "gzip"),
    b"Z": (_JSON, "deflate"),
    b"M": ("multipart/form-data; boundary=b", ""),
    b"F": ("application/x-www-form-urlencoded", ""),
    b"L": ("text/plain; charset=latin-1", ""),
    b"?": ("text/html", "br"),
}
MEMORY = 256
"""A body may unpack to 64 MiB."""


def start() -> Target:
    """Return the reader."""
    known = redactor()

    def read(raw: bytes) -> None:
        way, rest = raw[:1], raw[1:]
        if way == b"S":
            _streamed(known, planted(rest).decode("utf-8", "replace"), len(rest))
            return
        content_type, encoding = _WAYS.get(way, _WAYS[b"T"])
        body = planted(rest, escaped=content_type in {_JSON, "application/x-ndjson"})
        if way == b"U":
            body = body.decode("utf-8", "replace").encode("utf-16-be")
        elif way == b"G":
            body = gzip.compress(body, mtime=0)
        elif way == b"Z" and rest[:1] != b"!":
            body = zlib.compress(body)
        clean = known.body(body, content_type, encoding)
        plain = _plain(clean.raw, way)
        check_none(plain)
        if content_type == _JSON:
            _check_texts(parse_json(plain, "body"))
        again = known.body(clean.raw, content_type, encoding)
        assert not again.findings, "a second pass finds more"
        references(plain)

    return read


def _plain(raw: bytes, way: bytes) -> str:
    if way == b"G":
        raw = gzip.decompress(raw)
    elif way == b"Z":
        raw = zlib.decompress(raw) if raw[:1] == b"\x78" else zlib.decompress(raw, -15)
    return raw.decode("utf-16-be" if way == b"U" else "latin-1" if way == b"L" else "utf-8", "replace")


def _check_texts(value: object) -> None:
    """No secret may stand in a text of the document, once its escapes are undone."""
    check_none(json.dumps(value, ensure_ascii=False).replace('\\"', '"').replace("\\\\", "\\"))


def _streamed(known: Redactor, text: str, seed: int) -> None:
    left = _sent(known, [text])
    places = sorted({0, len(text), *(Random(seed).randrange(len(text) + 1) for _ in range(4))})
    assert left == _sent(known, [text[start:end] for start, end in pairwise(places)]), "it depends on the cuts"
    assert left == _sent(known, [*text]), "it depends on the cuts"
    check_none(left)
    if not any(value in text for value in VALUES):
        return
    assert left != text, "nothing was replaced"


def _sent(known: Redactor, pieces: list[str]) -> str:
    stream = StreamRedactor(known)
    try:
        return "".join([*(stream.feed(piece) for piece in pieces), stream.end()])
    except SafetyError:
        return ""
