"""Bytes with a content type -> the same bytes without secrets.

What can be looked into: JSON, JSON Lines, forms, text of any kind, multipart of these; in UTF-8, UTF-16 or
Latin-1; plain, gzip or deflate. Everything else is refused: what nobody could look into does not leave.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from safety_core.errors import UnscannableError
from safety_core.model.finding import Finding, Redaction
from safety_core.model.secret import SecretName, SecretValue

LIMIT: Final = 64 * 1024 * 1024
"""Bytes of one body, unpacked: more than any provider takes, little enough to hold in memory."""

Scan: TypeAlias = Callable[[bytes], Redaction | None]
"""UTF-8 -> its redaction, or None where there is nothing to redact."""

_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_BOUNDARY: Final = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,70})\"|([^\s;\"]{1,70}))", re.IGNORECASE)
_PART_TYPE: Final = re.compile(rb"(?:^|\r?\n)content-type\s*:\s*([^\r\n]*)", re.IGNORECASE)
_LINES: Final = frozenset({"application/x-ndjson", "application/jsonl", "application/json-lines", "application/ndjson"})
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSETS: Final = frozenset({"utf-8", "ascii", "iso8859-1", "utf-16", "utf-16-le", "utf-16-be"})
_BINARY: Final = bytes((*range(0x07), *range(0x0E, 0x1B), *range(0x1C, 0x20)))
"""Control characters that no text holds. (Backspace, escape and the like stand in terminal output.)"""

_ONE_BYTE: Final = bytes(0x20 if byte in _BINARY else byte for byte in range(256))


@dataclass(frozen=True, slots=True)
class BodyRedaction:
    """A body after redaction; `raw` is the very same object where nothing was found.

    Positions of findings are characters of the decoded text (of the part, in multipart bodies).
    """

    raw: bytes
    findings: tuple[Finding, ...] = ()
    discovered: dict[SecretName, SecretValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scans:
    """How the kinds of text are scanned."""

    text: Scan
    json: Scan
    lines: Scan


def redacted_body(raw: bytes, content_type: str, content_encoding: str, scans: Scans) -> BodyRedaction:
    """Return the body without secrets, packed as it was.

    Raises:
        UnscannableError: over the limit, unknown content encoding or character set, binary, or JSON that is
            malformed or that two parsers may read differently.
    """
    plain, pack = _unpacked(raw, content_encoding)
    if len(plain) > LIMIT:
        raise UnscannableError("body", f"is larger than {LIMIT} bytes")
    clean = _redacted(plain, content_type, scans)
    if not clean.findings:
        return BodyRedaction(raw)
    return BodyRedaction(pack(clean.raw), clean.findings, clean.discovered)


def _redacted(raw: bytes, content_type: str, scans: Scans) -> BodyRedaction:
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        return _multipart(raw, content_type, scans)
    plain, encoding, mark = _decoded(raw, content_type)
    clean = _scan_for(kind, scans)(plain)
    left = raw if clean is None else mark + clean.text.encode(encoding, "surrogatepass")
    if encoding.startswith("utf-16"):
        _check_bytes(left, scans)
    return BodyRedaction(raw) if clean is None else BodyRedaction(left, clean.findings, clean.discovered)


def _check_bytes(raw: bytes, scans: Scans) -> None:
    """Refuse UTF-16 that shows a secret to who takes it for UTF-16 of the other order, or for one byte per character:
    not every receiver believes what a body says about itself."""
    if scans.text(raw.translate(_ONE_BYTE, b"\0").decode("latin-1").encode()):
        raise UnscannableError("body", "reads differently in another charset", "send UTF-8")


def _scan_for(kind: str, scans: Scans) -> Scan:
    if kind in _LINES:
        return scans.lines
    if kind == "application/json" or kind.endswith("+json"):
        return scans.json
    return scans.text


def _decoded(raw: bytes, content_type: str) -> tuple[bytes, str, bytes]:
    """Return the text in UTF-8, its encoding, and the byte order mark that stood before it."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if raw.startswith(mark)), (b"", ""))
    encoding = encoding or _declared(content_type) or _guessed(raw)
    plain = raw[len(mark) :]
    if encoding not in {"utf-8", "ascii"}:
        try:
            plain = plain.decode(encoding).encode("utf-8")
        except UnicodeError as error:
            raise UnscannableError("body", f"is not {encoding}", "send text, or say which charset it is in") from error
    return plain, encoding, mark


def text_of(raw: bytes) -> str:
    """Return the text in UTF-8. Raises UnscannableError for what is no text."""
    text = utf8_of(raw)
    if len(raw.translate(None, _BINARY)) < len(raw):
        raise UnscannableError("body", "is binary", "send text or JSON")
    return text


def utf8_of(raw: bytes) -> str:
    """Return what stands in UTF-8. Raises UnscannableError for other bytes."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnscannableError("body", "is not utf-8", "send text, or say which charset it is in") from error


def _declared(content_type: str) -> str:
    found = _CHARSET.search(content_type)
    if not found:
        return ""
    try:
        name = codecs.lookup(found[1]).name
    except LookupError as error:
        raise UnscannableError("body", "has a charset that is not known", "send UTF-8") from error
    if name not in _CHARSETS:
        raise UnscannableError("body", f"has the charset {name}, which is not scanned", "send UTF-8")
    return "utf-16-be" if name == "utf-16" else name


def _guessed(raw: bytes) -> str:
    """Return UTF-16 where every other byte is zero, as in JSON without a mark (RFC 4627, section 3), else
    UTF-8."""
    head = raw[:64]
    zeros = (head[::2].count(0), head[1::2].count(0))
    if max(zeros) * 4 > len(head):
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    return "utf-8"


def _unpacked(raw: bytes, content_encoding: str) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Return the plain bytes and the way to pack them again. An encoding that is not known is tried as
    gzip and deflate."""
    name = content_encoding.strip().lower()
    if name in {"", "identity"}:
        return raw, bytes
    for magic, wbits, pack in _PACKERS:
        if raw.startswith(magic):
            try:
                return _inflated(raw, wbits), pack
            except zlib.error:
                continue
    raise UnscannableError("body", "has a content encoding that cannot be undone", "send it plain, gzip or deflate")


def _inflated(raw: bytes, wbits: int) -> bytes:
    engine = zlib.decompressobj(wbits)
    plain = engine.decompress(raw, LIMIT + 1)
    if engine.unused_data or not (engine.eof or engine.unconsumed_tail):
        raise zlib.error("cut off, or followed by something else")
    return plain


def _gzip(plain: bytes) -> bytes:
    return gzip.compress(plain, mtime=0)


def _deflate(plain: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(plain) + engine.flush()


_PACKERS: Final[tuple[tuple[bytes, int, Callable[[bytes], bytes]], ...]] = (
    (b"\x1f\x8b", 16 + zlib.MAX_WBITS, _gzip),
    (b"\x78", zlib.MAX_WBITS, zlib.compress),
    (b"", -zlib.MAX_WBITS, _deflate),
)


def _multipart(raw: bytes, content_type: str, scans: Scans) -> BodyRedaction:
    found = _BOUNDARY.search(content_type)
    if not found:
        raise UnscannableError("body", "is multipart without a boundary")
    delimiter = b"--" + (found[1] or found[2]).encode("utf-8", "surrogatepass")
    findings: list[Finding] = []
    discovered: dict[SecretName, SecretValue] = {}
    parts: list[bytes] = []
    for part in raw.split(delimiter):
        clean = _part(part, scans)
        parts.append(clean.raw)
        findings += clean.findings
        discovered |= clean.discovered
    return BodyRedaction(delimiter.join(parts), tuple(findings), discovered) if findings else BodyRedaction(raw)


def _part(part: bytes, scans: Scans) -> BodyRedaction:
    """Redact one part: its headers (a file's name may hold a secret) as text, its content by its own type."""
    head, blank, content = part.partition(b"\r\n\r\n")
    declared = _PART_TYPE.search(head)
    kind = declared[1].decode("latin-1") if declared else "text/plain"
    body, tail = (content[:-2], b"\r\n") if content.endswith(b"\r\n") else (content, b"")
    clean_head, clean_body = _redacted(head, "text/plain", scans), _redacted(body, kind, scans)
    return BodyRedaction(
        clean_head.raw + blank + clean_body.raw + tail,
        clean_head.findings + clean_body.findings,
        clean_head.discovered | clean_body.discovered,
    )
