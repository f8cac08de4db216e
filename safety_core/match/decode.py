"""Escapes and encoded runs -> layers that can be scanned.

Escapes (`\\u0041`, `\\x41`, `%41`, `&#65;`, `=41`, `U+0041`, tags, backspaces) are undone character by
character. Runs of base64, base32 or hexadecimal digits are decoded as a whole where what comes out is text,
packed text included. Both are done again on the outcome, to a bounded depth, and a find in it counts for the
whole run it came from.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from re import Match
from typing import Final

from safety_core.errors import UnscannableError
from safety_core.match.layer import Edit, Layer, edited, substituted
from safety_core.match.runs import runs
from safety_core.match.squeeze import SENTINEL

DEPTH: Final = 3
"""Encodings inside of each other that are undone. More serve no honest purpose; each costs a scan of what was
found."""

UNPACKED: Final = 1 << 20
"""Bytes that one packed run may come to."""

OPENED: Final = 4 << 20
"""Characters that all runs of a text together may come to, beyond the text's own length."""

_ESCAPE: Final = re.compile(
    r"""
    [\\%&=<U0\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufeff] (?:
      (?<=\\)\\*u(?P<u>[0-9a-fA-F]{4})
    | (?<=\\)\\*u\{(?P<b>[0-9a-fA-F]{1,6})\}
    | (?<=\\)\\*(?P<xs>x[89a-fA-F][0-9a-fA-F](?:\\+x[89a-fA-F][0-9a-fA-F])*)
    | (?<=\\)\\*x(?P<x>[0-7][0-9a-fA-F])
    | (?<=\\)\\*(?P<o>[01][0-7]{2})
    | (?<=\\)\\*(?P<c>[abefnrtv0"'/\\])
    | (?<=%)(?:25)*(?P<ps>[89a-fA-F][0-9a-fA-F](?:%(?:25)*[89a-fA-F][0-9a-fA-F])*)
    | (?<=%)(?:25)*(?P<p>[0-7][0-9a-fA-F])
    | (?<=&)(?P<h>(?:\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});)
    | (?<==)(?P<qs>[89A-F][0-9A-F](?:=[89A-F][0-9A-F])+)
    | (?:(?<==)(?=[0-7][0-9A-F]=[0-9A-F]{2})|(?<==[0-9A-F]{2}=))(?P<q>[0-7][0-9A-F])
    | (?<=U)\+(?P<n>[0-9A-Fa-f]{4,6})\b[ ,]?
    | (?<![0-9A-Za-z_]0)(?<=0)x(?P<z>[2-7][0-9a-fA-F])\b[,;\s]{0,3}
    | (?<=<)(?:!--[^\ufdd0]{0,400}?-->|/?[A-Za-z][^<>\ufdd0]{0,80}>)
    | (?<=[\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufeff])
    )
    """,
    re.VERBOSE,
)
_ERASED: Final = re.compile(r"[^\x08\ufdd0]\x08")
_CONTROL: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "/": "/", "\\": "\\"}

_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_BASE32: Final = re.compile(r"(?:[A-Z2-7]+|[a-z2-7]+)")
_PLAIN: Final = re.compile(r"[A-Za-z]+|[a-z_-]+|[/A-Za-z_-]*")
_PACKED: Final = (b"\x1f\x8b", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_PRINTABLE: Final = bytes(range(0x20, 0x7F)) + b"\t\r\n" + bytes(range(0x80, 0x100))


def unescaped(layer: Layer) -> Layer | None:
    """Return the layer without escapes, tags and invisible characters; None where it has none."""
    if "\x08" in layer.text:
        return substituted(layer, _ERASED, lambda _: "")
    return substituted(layer, _ESCAPE, _undo)


def _undo(found: Match[str]) -> str:
    kind, text = found.lastgroup, found.group(found.lastgroup or 0)
    match kind:
        case None:
            return ""
        case "u" | "b" | "x" | "p" | "q" | "n" | "z":
            return _character(int(text, 16))
        case "o":
            return _character(int(text, 8))
        case "c":
            return _CONTROL.get(text, "")
        case "h":
            return html.unescape(f"&{text}")
        case _:
            return bytes.fromhex(re.sub(r"%(?:25)*|\\*x|=", "", text)).decode("utf-8", "replace")


def _character(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def opened(layer: Layer) -> Layer | None:
    """Return a layer of the texts that encoded runs come to, apart from each other; None where there are
    none.

    Raises:
        UnscannableError: a packed run, or all runs together, come to more than is scanned.
    """
    edits: list[Edit] = []
    copied = total = 0
    for start, end, text in _runs(layer):
        edits += (Edit(copied, start, SENTINEL), Edit(start, end, text))
        copied = end
        total += len(text)
        if total > OPENED + len(layer.text):
            raise UnscannableError("text", "holds packed data that comes to too much", "send it unpacked")
    return edited(layer, [*edits, Edit(copied, len(layer.text), SENTINEL)]) if edits else None


def _runs(layer: Layer) -> Iterator[tuple[int, int, str]]:
    text = layer.text
    for start, end in runs(layer.flat):
        run = layer.flat[start:end].decode("ascii")
        if _PLAIN.fullmatch(run):
            continue
        inner = decoded(run)
        if inner is not None:
            tail = text[end : end + 6]
            yield start, end + len(tail) - len(tail.lstrip("=")), inner


def decoded(run: str) -> str | None:
    """Return the text that a run of base64, base32 or hexadecimal digits comes to, or None where it comes
    to none."""
    return next(filter(None, map(_text, _readings(run))), None)


def _readings(run: str) -> Iterator[bytes]:
    if _HEX.fullmatch(run):
        yield bytes.fromhex(run)
    if _BASE32.fullmatch(run):
        with suppress(binascii.Error):
            yield base64.b32decode(run.upper() + "=" * (-len(run) % 8))
    body = run.replace("-", "+").replace("_", "/")
    yield binascii.a2b_base64(body[: len(body) - (len(body) % 4 == 1)] + "==")


def _text(raw: bytes) -> str | None:
    if raw.startswith(_PACKED):
        raw = _unpacked(raw)
    if len(raw) >= 8 and raw[1::2].count(0) * 4 > len(raw):
        raw = raw.decode("utf-16-le", "replace").encode()
    if len(raw) < 6 or len(raw.translate(None, _PRINTABLE)) * 10 > len(raw):
        return None
    text = raw.decode("utf-8", "replace")
    return text if text.count("\ufffd") * 10 <= len(text) else None


def _unpacked(raw: bytes) -> bytes:
    engine = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        plain = engine.decompress(raw, UNPACKED)
    except zlib.error:
        return b""
    if engine.unconsumed_tail:
        raise UnscannableError("text", "holds packed data that comes to too much", "send it unpacked")
    return plain
