"""The lines of a contact (RFC 6350, and RFC 2426 before it): what a call does not change stays as it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LINE: Final = re.compile(
    r'(?:[\w-]+\.)?(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;(?:[^":]|"[^"]*")*)?):(?P<value>.*)', re.S
)
FOLD: Final = 75
"""Bytes of a line, from which on it is folded."""


@dataclass(frozen=True, slots=True)
class Line:
    """One property: its name in upper case, and the whole line, unfolded."""

    name: str
    raw: str

    @property
    def text(self) -> str:
        """Its value as a person reads it."""
        match = _LINE.fullmatch(self.raw)
        return _plain(match["value"]) if match else ""


def lines_of(text: str) -> list[Line]:
    """Return the properties of the one contact in `text`.

    Raises:
        ValueError: it is not one contact.
    """
    unfolded = re.sub(r"\r?\n[ \t]", "", text.strip()).replace("\r\n", "\n").split("\n")
    found = [Line(match["name"].upper(), raw) for raw in unfolded if (match := _LINE.fullmatch(raw))]
    marks = [line.text.upper() for line in found if line.name in {"BEGIN", "END"}]
    if marks != ["VCARD", "VCARD"] or found[0].name != "BEGIN" or found[-1].name != "END":
        raise ValueError
    return found[1:-1]


def written(lines: list[Line]) -> str:
    """Return a contact as text."""
    return "".join(_folded(raw) for raw in ("BEGIN:VCARD", *(line.raw for line in lines), "END:VCARD"))


def line(name: str, *values: str) -> Line:
    """Return a property whose value is made of these parts."""
    return Line(name, f"{name}:{';'.join(map(_escaped, values))}")


def _escaped(text: str) -> str:
    return re.sub(r"([\\,;])", r"\\\1", text.replace("\r\n", "\n")).replace("\n", "\\n")


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)


def _folded(raw: str) -> str:
    out, size = [], 0
    for sign in raw:
        width = len(sign.encode("utf-8", "replace"))
        if size + width > FOLD:
            out.append("\r\n ")
            size = 1
        out.append(sign)
        size += width
    return "".join(out) + "\r\n"
