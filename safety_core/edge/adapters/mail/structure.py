"""BODYSTRUCTURE (RFC 3501, 7.4.2) -> the parts of a message: what it holds, without fetching it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import decode_rfc2231
from typing import Final

from safety_core.edge.adapters.mail.wire import Value, after

MOST_PARTS: Final = 200

_SIZE: Final = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Part:
    """One part that has no parts itself.

    Attributes:
        number: as it is fetched ("1", "2.1").
        kind: media type in lower case ("text/plain").
        size: bytes as they are sent, encoded.
    """

    number: str
    kind: str
    charset: str
    encoding: str
    size: int
    name: str
    attached: bool


def parts(structure: Value) -> list[Part]:
    """Return the parts of a message in order, at most `MOST_PARTS`."""
    found: list[Part] = []
    for part in _parts(structure, ""):
        if len(found) == MOST_PARTS:
            break
        found.append(part)
    return found


def _parts(structure: Value, number: str) -> Iterator[Part]:
    if not isinstance(structure, list) or not structure:
        return
    if isinstance(structure[0], list):
        for below, value in enumerate(structure, 1):
            if not isinstance(value, list):
                break
            yield from _parts(value, f"{number}.{below}" if number else str(below))
        return
    yield _leaf([*structure, *[None] * 12], number or "1")


def _leaf(fields: list[Value], number: str) -> Part:
    """basic: type, subtype, parameters, id, description, encoding, size; then what its kind adds, then disposition."""
    kind = f"{_plain(fields[0])}/{_plain(fields[1])}".lower()
    disposition = next((value for value in fields[7:] if _is_disposition(value)), None)
    given = disposition[1] if isinstance(disposition, list) and len(disposition) > 1 else None
    name = _text(given, b"FILENAME") or _text(fields[2], b"NAME")
    attached = isinstance(disposition, list) and _plain(disposition[0]).lower() == "attachment"
    size = _plain(fields[6])
    return Part(
        number,
        kind,
        _text(fields[2], b"CHARSET") or "utf-8",
        (_plain(fields[5]) or "7bit").lower(),
        int(size) if _SIZE.fullmatch(size) else 0,
        name,
        attached or bool(name) or not kind.startswith("text/"),
    )


def _is_disposition(value: Value) -> bool:
    return isinstance(value, list) and bool(value) and _plain(value[0]).lower() in {"attachment", "inline"}


def _plain(value: Value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _text(values: Value, name: bytes) -> str:
    plain = after(values, name)
    if isinstance(plain, bytes):
        return decoded(_plain(plain))
    charset, _, text = decode_rfc2231(_plain(after(values, name + b"*")))
    return _unpercented(text, charset or "utf-8")


def _unpercented(text: str, charset: str) -> str:
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode("utf-8", "replace"))
    try:
        return raw.decode(charset, "replace")
    except (LookupError, ValueError):
        return text


def decoded(text: str) -> str:
    """Return a header's text with its encoded words read (RFC 2047); one that is badly encoded stays as it is."""
    try:
        return str(make_header(decode_header(text)))
    except (MessageError, ValueError, LookupError):
        return text
