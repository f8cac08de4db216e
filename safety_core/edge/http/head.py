"""The head of a request, byte for byte: either every reader reads the same, or it is refused (RFC 9112, 3 to 7, 11.2).

Stricter than the RFC, which lets a server repair much: a line ends in CR LF and in nothing else, a length is digits,
and there is one of it. One regular expression says what a head is; which rule a refused one broke is looked for
afterwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from safety_core.errors import InputError

HEAD_BYTES: Final = 64 * 1024
"""The whole head. The largest of real ones (cookies, traces, signed requests) have less than a fourth of it."""
TARGET_BYTES: Final = 16 * 1024
"""Path and query, which hold at most a model's name and a few options."""
FIELDS: Final = 256
"""Header lines; SDKs send some twenty."""

END: Final = b"\r\n\r\n"
CONTINUE: Final = b"100-continue"

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_LINE: Final = rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[!\"$-~]{0,%d}+) HTTP/1\.([01])\r\n" % (TARGET_BYTES - 1)
_HEAD: Final = re.compile(
    rb"%s(?:%s{1,256}+:[\t\x20-\x7e\x80-\xff]*+\r\n){0,%d}+\r\n" % (_LINE, _TOKEN, FIELDS), re.DOTALL
)
_FRAMING: Final = re.compile(
    rb"\r\n(host|content[-_]length|transfer[-_]encoding|upgrade|http2-settings|expect)"
    rb":([^\r]*+)",
    re.IGNORECASE,
)
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~%!$&'()*+,;=-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_LENGTH: Final = re.compile(rb"[0-9]{1,15}")

_START: Final = re.compile(rb"[A-Z]")
_REQUEST: Final = re.compile(_LINE)
_NAME: Final = re.compile(_TOKEN + rb"{1,256}")
_STRAY: Final = re.compile(rb"(?<!\r)\n|\r(?!\n)(?!\Z)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Bytes that no head holds: a line feed or a carriage return alone (one at the very end may get its line feed yet), and
what is no text."""


class BadRequestError(InputError):
    """A request that is no unambiguous HTTP/1.1."""


@dataclass(frozen=True, slots=True)
class Head:
    """What must be known before the body.

    Attributes:
        length: bytes of a body that is not chunked.
        upgrade: a WebSocket is asked for.
    """

    length: int = 0
    chunked: bool = False
    upgrade: bool = False


_BARE: Final = Head()


def read_head(raw: bytes) -> Head:
    """Read a whole head, its empty line included.

    Raises:
        BadRequestError: it is not one, or may be read in two ways.
    """
    found = _HEAD.fullmatch(raw)
    if found is None:
        raise _broken(raw)
    fields: dict[bytes, bytes] = {}
    for name, value in _FRAMING.findall(raw):
        known = name.lower()
        if known in fields:
            raise _wrong(f"the header {_shown(known)}", "comes twice")
        fields[known] = value.lstrip(b" \t") if known == b"transfer-encoding" else value.strip(b" \t")
    host = fields.pop(b"host", None)
    if host is None or not _HOST.fullmatch(host):
        raise _wrong("the header Host", "is missing" if host is None else "names no host", "send one Host header")
    return _framed(fields, found) if fields else _BARE


def check_part(raw: bytes, since: int = 0) -> None:
    """Look at a head that is not whole yet: what can no longer become one is refused now.

    Args:
        since: bytes of it that have been looked at. They are not looked at again: who sends single bytes would have all
            of the head read for each.

    Raises:
        BadRequestError: it cannot.
    """
    if not _START.match(raw):
        raise _no_http(raw)
    if _STRAY.search(raw, max(since - 1, 0)):  # a carriage return at the end waited for its line feed
        raise _stray(raw)
    end = raw.find(b"\r\n", 0, TARGET_BYTES + 66)
    if end > since - 2 and end >= 0 and not _REQUEST.fullmatch(raw, 0, end + 2):
        raise _line_error(raw[:end])
    if (end < 0 and len(raw) > TARGET_BYTES + 64) or len(raw) > HEAD_BYTES:
        raise _too_large(raw)


def _framed(fields: dict[bytes, bytes], found: re.Match[bytes]) -> Head:
    coding, length = fields.get(b"transfer-encoding"), fields.get(b"content-length")
    if b"content_length" in fields or b"transfer_encoding" in fields:
        raise _wrong("a framing header", "is spelled with an underscore")
    if coding is not None:
        if length is not None:
            raise _wrong("Content-Length and Transfer-Encoding", "contradict each other", "send one of them")
        if coding.lower() != b"chunked" or found[3] == b"0":
            raise _wrong("the header Transfer-Encoding", "is not chunked alone, of HTTP/1.1")
    if length is not None and not _LENGTH.fullmatch(length):
        raise _wrong("the header Content-Length", "is not a number of 1 to 15 digits")
    if fields.get(b"expect", CONTINUE).lower() != CONTINUE:
        raise _wrong("the header Expect", "asks for what is not known here")
    upgrade = fields.get(b"upgrade")
    if b"http2-settings" in fields or (upgrade is not None and upgrade.lower() != b"websocket"):
        raise _wrong("an upgrade", "to another protocol is asked for", "send HTTP/1.1 without Upgrade")
    if upgrade is not None and (coding is not None or found[1] != b"GET" or (length or b"0").strip(b"0")):
        raise _wrong("an upgrade", "to WebSocket is asked for in a request that is no bare GET")
    return Head(int(length or 0), coding is not None, upgrade is not None)


def _broken(raw: bytes) -> BadRequestError:
    """Return which rule a head broke."""
    if len(raw) > HEAD_BYTES:
        return _too_large(raw)
    if not _START.match(raw):
        return _no_http(raw)
    if _STRAY.search(raw):
        return _stray(raw)
    first, *lines = raw.split(b"\r\n")
    if not _REQUEST.fullmatch(first + b"\r\n"):
        return _line_error(first)
    if len(lines) - 2 > FIELDS:
        return _wrong("the request's head", f"has more than {FIELDS} headers")
    for line in lines[:-2]:
        name, colon, _ = line.partition(b":")
        if line[:1] in {b" ", b"\t"}:
            return _wrong("a header", "goes on in the next line (obsolete folding)", "send it in one line")
        if not colon or not _NAME.fullmatch(name):
            return _wrong("a header", "has no name, or one with a space or a character that no name has")
    return _wrong("the request's head", "is not HTTP/1.1")


def _line_error(line: bytes) -> BadRequestError:
    method, _, rest = line.partition(b" ")
    target, _, version = rest.rpartition(b" ")
    if version not in {b"HTTP/1.0", b"HTTP/1.1"}:
        return _wrong("the request line", "does not end in HTTP/1.1", "speak HTTP/1.1 to this port")
    if len(target) > TARGET_BYTES:
        return _wrong("the request line", f"is longer than {TARGET_BYTES} bytes")
    if method == b"CONNECT" or b"://" in target[:16]:
        return _wrong("the request line", "speaks to a forward proxy", "send the path alone: this port is no proxy")
    return _wrong("the request line", "is not METHOD /path HTTP/1.1, with a known method and single spaces")


def _no_http(raw: bytes) -> BadRequestError:
    known = {b"\x04": "SOCKS 4", b"\x05": "SOCKS 5", b"\x16": "TLS"}.get(raw[:1], "")
    return _wrong("the request", f"is {known}, which is not spoken here" if known else "is no HTTP")


def _stray(raw: bytes) -> BadRequestError:
    found = _STRAY.search(raw)
    stray = {b"\n": "a line feed without a carriage return", b"\r": "a carriage return without a line feed"}
    what = stray.get(found[0] if found else b"", "a control character")
    return _wrong("the request's head", f"holds {what}")


def _too_large(raw: bytes) -> BadRequestError:
    if len(raw.partition(b"\r\n")[0]) > TARGET_BYTES + 64:
        return _wrong("the request line", f"is longer than {TARGET_BYTES} bytes")
    return _wrong("the request's head", f"is larger than {HEAD_BYTES} bytes", "send fewer or shorter headers")


def _shown(name: bytes) -> str:
    return name.decode("ascii").title()


def _wrong(thing: str, reason: str, fix: str = "send one well-formed HTTP/1.1 request at a time") -> BadRequestError:
    return BadRequestError(thing, reason, fix)
