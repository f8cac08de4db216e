"""Does a glob speak of a path.

Of the whole of it, of a folder above it, or, without a slash, of any name in it. `*` and `**` stand for anything,
slashes too; `?` for one character, `[abc]` and `[!abc]` for one of these, or none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def matches(path: str, glob: str) -> bool:
    """Say whether a glob speaks of a path."""
    return any_of((glob,)).fullmatch(path) is not None


def any_of(globs: Iterable[str]) -> re.Pattern[str]:
    """Return an expression that matches the whole of a path of which one of these globs speaks."""
    return _compiled(tuple(globs))


@lru_cache(maxsize=1024)
def _compiled(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_expression(glob) for glob in globs) or r"(?!)", re.DOTALL)


def _expression(glob: str) -> str:
    wanted = glob.removeprefix("./").rstrip("/")
    if "/" not in wanted:
        return rf"(?:.*/)?{_translated(wanted, '[^/]')}(?:/.*)?"
    whole = _translated(wanted, ".")
    if wanted.startswith("**/"):
        whole = f"(?:{whole}|{_translated(wanted.removeprefix('**/'), '.')})"
    return f"{whole}(?:/.*)?"


def _translated(glob: str, one: str) -> str:
    """Return the expression of a glob; `one`: that of a single character."""
    pieces = re.findall(r"\*+|\?|\[!?\]?[^\]]*\]|.", glob, re.DOTALL)
    return "".join(_piece(piece, one) for piece in pieces)


def _piece(piece: str, one: str) -> str:
    if piece[0] == "*":
        return f"{one}*"
    if piece == "?":
        return one
    if piece[0] != "[" or len(piece) == 1:
        return re.escape(piece)
    none_of = "^" if piece[1] == "!" else ""
    members = re.sub(r"([\\\[\]^&~|])", r"\\\1", piece[1 + len(none_of) : -1])
    try:
        return re.compile(f"[{none_of}{members}]").pattern
    except re.error:  # [z-a] stands for itself
        return re.escape(piece)
