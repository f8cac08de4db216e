"""Colours where there is a terminal, and tables that line up."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from typing import Final

import click

from safety_core.model.level import Level, Outcome

_WIDEST: Final = 110
"""Columns; longer lines are hard to read."""

_GOES_ON: Final = str.maketrans({"├": "│", "└": " ", "─": " "})
_PARTS: Final = re.compile(r" *[^ ]+ *")

_COLOURS: Final = {
    Level.GREEN.word: "green",
    Level.YELLOW.word: "yellow",
    Level.YELLOW_EXTERNAL.word: "yellow",
    Level.RED.word: "red",
    Level.CRITICAL_RED.word: "bright_red",
    Outcome.ALLOW.word: "green",
    Outcome.ASK.word: "yellow",
    Outcome.ASK_STRONG.word: "bright_red",
    Outcome.DENY.word: "red",
}


_OURS: Final = re.compile(r"(\x1b\[(?:[0-2]|22|3[0-7]|9[0-7])m|\n)")
"""What `click.style` writes for the colours of this module, and ends of lines."""


def say(text: str = "") -> None:
    """Print one line; its colours are taken out where there is no terminal or $NO_COLOR is set.

    What a terminal would obey beside colours is never printed: names and commands may come from an attacker.
    """
    text = "".join(part if _OURS.fullmatch(part) else _obeyed_by_none(part) for part in _OURS.split(text))
    click.echo(text, color=False if "NO_COLOR" in os.environ else None)


def _obeyed_by_none(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def word(level: Level | Outcome) -> str:
    """Return a level or outcome as it is written, in its colour."""
    return click.style(level.word, fg=_COLOURS[level.word], bold=level is Level.CRITICAL_RED)


def strong(text: str) -> str:
    """Return a heading."""
    return click.style(text, bold=True)


def weak(text: str) -> str:
    """Return what may be passed over."""
    return click.style(text, dim=True)


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows as lines whose columns line up; the last column is as long as it is."""
    listed = [tuple(row) for row in rows]
    if not listed:
        return []
    widths = [max(len(click.unstyle(row[column])) for row in listed) for column in range(len(listed[0]) - 1)]
    return [
        "  ".join([*(_padded(cell, width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in listed
    ]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - len(click.unstyle(cell)))


def columns() -> int:
    """Return how wide a line may be."""
    return min(shutil.get_terminal_size().columns, _WIDEST)


def folded(line: str, width: int) -> list[str]:
    """Return a line in pieces of at most `width` columns, broken at spaces; the lines of a tree go on beside them."""
    plain = click.unstyle(line)
    if len(plain) <= width:
        return [line]
    lead = re.match(r"[ │├└─]*", plain)
    beside = (lead[0] if lead else "").translate(_GOES_ON) + "    "
    pieces = [""]
    for part in _PARTS.findall(line):
        room = width - len(click.unstyle(pieces[-1] + part.rstrip()))
        if room < 0 and click.unstyle(pieces[-1]).strip(" │├└─"):
            pieces[-1] = pieces[-1].rstrip()
            pieces.append(beside)
        pieces[-1] += part
    return pieces


def cut(text: str, width: int) -> str:
    """Return a text in one line of at most `width` characters, without any that a terminal would obey."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= width else plain[: width - 3] + "..."


def counted(number: int, thing: str) -> str:
    """Return "1 call" or "1,200 calls"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
