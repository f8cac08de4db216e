"""SQL text -> statements, each as it stands and with quotes and comments blanked, so that words can be sought in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ESCAPING: Final = frozenset({"mysql", "bigquery", "hive", "spark", "databricks", "clickhouse", "snowflake"})
"""Dialects in which a backslash in a string takes the meaning from the quote behind it."""

EXECUTABLE: Final = re.compile(r"/\*M?!\d*(.*?)\*/", re.DOTALL)
"""A comment to every other server, and a statement to MySQL or MariaDB."""

_COMMON: Final = (
    r"--[^\n]*|/\*.*?\*/|(?<![\w$])\$(?P<tag>(?!\d)\w*)\$.*?\$(?P=tag)\$"
    r"|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`"
)
_PLAIN: Final = re.compile(rf"(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|{_COMMON}", re.DOTALL)
_ESCAPED: Final = re.compile(rf"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|#[^\n]*|{_COMMON}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        raw: as it stands.
        plain: in upper case and of the same length; comments are spaces, quoted text is its quotes alone.
    """

    raw: str
    plain: str

    def behind(self, start: int) -> Statement:
        """Return what stands behind so many characters."""
        return Statement(self.raw[start:], self.plain[start:])


def statements(text: str, dialect: str) -> list[Statement]:
    """Return the statements of `text`; ValueError where a quote or comment has no end, or one that servers dispute."""
    if not dialect and re.search(r"\\['\"]", text):
        raise ValueError("backslash before a quote")
    pattern = _ESCAPED if dialect in ESCAPING else _PLAIN
    elsewhere = [_ELSEWHERE, _MINUS] if dialect in {"", "mysql"} else [_ELSEWHERE]
    if any(odd.match(match[0]) for match in pattern.finditer(text) for odd in elsewhere):
        raise ValueError("a comment that is none at another server, or has another end")
    blanked = pattern.sub(_blank, text)
    if any(mark in _HOLLOW.sub("", blanked) for mark in "'\"`") or "/*" in blanked:
        raise ValueError("a quote or comment without an end")
    plain = blanked.upper() if len(blanked.upper()) == len(text) else blanked
    found, start = [], 0
    for end in [*(match.start() for match in re.finditer(";", plain)), len(plain)]:
        piece = Statement(text[start:end], plain[start:end])
        found.append(piece.behind(len(piece.plain) - len(piece.plain.lstrip())))
        start = end + 1
    return [piece for piece in found if piece.plain.strip()]


_ELSEWHERE: Final = re.compile(r"--.*\r.|/\*.*?/\*", re.DOTALL)
"""A comment with a carriage return, at which some servers end it, or with another one inside, whose end some need."""

_MINUS: Final = re.compile(r"--\S")
"""A comment, but to MySQL, which takes it for two signs."""

_HOLLOW: Final = re.compile(r"(['\"`]) *\1")


def _blank(match: re.Match[str]) -> str:
    text = match[0].lstrip("eE")
    if text[0] in "'\"`":
        return " " * (len(match[0]) - len(text)) + text[0] + " " * (len(text) - 2) + text[0]
    return " " * len(match[0])
