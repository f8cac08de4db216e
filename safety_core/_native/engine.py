"""Which one runs: the C extension where it was built, else its twin.

`python -X safety_native=off` asks for the twin.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from safety_core._native import twin
from safety_core._native.fold import fold_page
from safety_core._native.grams import GramTables
from safety_core._native.literals import LiteralTable
from safety_core._native.words import USUAL


class Table(Protocol):
    """Needles, found in squeezed text. It only grows; a tag is any number from 0 to 2^32 - 1."""

    def add_all(self, needles: Iterable[tuple[bytes, int]]) -> None:
        """Look for these, too: (needle of 10 bytes or more, tag)."""

    def find(self, squeezed: bytes, /) -> list[tuple[int, int, int]]:
        """Return (tag, start, end) of every occurrence, in any order."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The hot loops. twin.py says what each does."""

    name: str
    flatten: Callable[[str], bytes]
    squeeze: Callable[[bytes], bytes]
    json_view: Callable[[bytes, bool], bytes | None]
    json_trail: Callable[[bytes], bytes | None]
    positions: Callable[[bytes], bytes]
    contains: Callable[[bytes, bytes], bool]
    unescaped: Callable[[bytes], tuple[bytes, bytes] | None]
    runs: Callable[[bytes, int, int], list[tuple[int, int, int]]]
    usual_share: Callable[[bytes], float]
    word_letters: Callable[[bytes], int]
    hinted: Callable[[bytes], bool]
    entropy: Callable[[bytes], float]
    table: Callable[[], Table]


def _engine(name: str, loops: Any, table: Callable[[], Table]) -> Engine:
    """Return the functions of a module as an engine."""
    return Engine(name, table=table, **{each: getattr(loops, each) for each in LOOPS})


LOOPS: Final = (
    *("flatten", "squeeze", "json_view", "json_trail", "positions", "contains", "unescaped", "runs"),
    *("usual_share", "word_letters", "hinted", "entropy"),
)
TWIN: Final = _engine("python", twin, LiteralTable)


def load(options: Mapping[str, object]) -> Engine:
    """Return the engine for the interpreter's `-X` options: `safety_native=off` asks for the twin."""
    if options.get("safety_native") == "off":
        return TWIN
    try:
        c = importlib.import_module("safety_core._native._c")
    except ImportError:
        return TWIN
    c.set_fold(fold_page)
    c.set_usual(USUAL)
    return _engine("c", c, lambda: GramTables(c.GramTable))


ENGINE: Final = load(sys._xoptions)
