"""Whom a message or an invitation reaches: the addresses that were judged, each exactly as the server is told it.

Classification reads an argument with `people_in`; so does this. An address that another reader could take for something
else is refused, never mended: what a person approved is what stands in RCPT TO.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.utils import getaddresses
from typing import Final

import idna

from safety_core.canonical import Json, JsonObject
from safety_core.classify.arguments import leaves, people_in
from safety_core.errors import ExecutionError
from safety_core.model.secret import references

MOST: Final = 100
"""Addresses of one message; most servers take no more at once."""

LONGEST: Final = 254
"""Characters of an address (RFC 5321, 4.5.3.1, as corrected)."""

_LOCAL: Final = r"[A-Za-z0-9#$&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9#$&'*+/=?^_`{|}~-]+)*"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS: Final = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})*")
"""Letters, digits and signs; nothing quoted, no "%" or "!", by which some servers were told a further way."""

FIX: Final = "give each address by itself, such as anna@shop.example, without names, groups or commas"


def recipients(arguments: JsonObject, *names: str) -> dict[str, list[str]]:
    """Return the addresses in each of the arguments `names`.

    Raises:
        ExecutionError: one of them is not a plain address.
    """
    found = {name: list(dict.fromkeys(_addresses(name, arguments.get(name)))) for name in names}
    if sum(map(len, found.values())) > MOST:
        raise ExecutionError(f"argument {names[0]}", f"names more than {MOST} addresses", "send several messages")
    return found


def addresses_of(found: dict[str, list[str]]) -> list[str]:
    """Return all of them, each once: the envelope."""
    return list(dict.fromkeys(address for addresses in found.values() for address in addresses))


def header_of(addresses: Iterable[str]) -> str:
    """Return a header's value, which every reader reads as these addresses.

    Raises:
        ExecutionError: the reader of the standard library does not.
    """
    wanted = list(addresses)
    value = ", ".join(wanted)
    if [address for _, address in getaddresses([value])] != wanted:
        raise ExecutionError("the recipients", "are read differently by different readers", FIX)
    return value


def _addresses(name: str, value: Json) -> list[str]:
    if value is None or value in ("", []):
        return []
    if any(re.search(r"[\r\n\x00]", text) or references(text) for text in leaves(value)):
        raise ExecutionError(f"argument {name}", "holds a line's end or a secret's name in an address", FIX)
    found = [text.strip() for text in people_in(value)]
    for address in found:
        _check(name, address)
    return found


def _check(name: str, address: str) -> None:
    if ADDRESS.fullmatch(address) and len(address) <= LONGEST:
        return
    shown = address.encode("ascii", "backslashreplace").decode()[:80]
    raise ExecutionError(f"argument {name}", f"holds {shown!r}, which is not a plain address", _ascii(address) or FIX)


def _ascii(address: str) -> str:
    """Return the fix for a domain in letters beyond ASCII: the form in which it is looked up, judged and shown."""
    local, _, domain = address.rpartition("@")
    try:
        plain = f"{local}@{idna.encode(domain).decode('ascii')}"
    except UnicodeError:
        return ""
    return f"write {plain}" if ADDRESS.fullmatch(plain) and plain != address else ""
