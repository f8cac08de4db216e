"""Statements are judged without knowing which engine reads them. One that this engine would read otherwise is refused.

What is quoted to one engine is a statement to another: "$$ ... $$" is a text in PostgreSQL alone, "[ ... ]" a name in
SQLite, "`" a quote everywhere but in PostgreSQL. What all of them dispute is no longer taken for reading when it is
judged (`classify.sql_text`).
"""

from __future__ import annotations

import re
from typing import Final

from safety_core.classify.sql_text import statements
from safety_core.errors import ExecutionError

FIX: Final = "put texts into parameters, and names into double quotes"

_DOLLAR: Final = re.compile(r"\$\w*\$")
_BRACKET: Final = re.compile(r"\[")
_MARKS: Final = re.compile(r"['\"`]|--|/\*")


def check_alike(text: str, engine: str, *, weighed: bool = True) -> None:
    """Refuse a statement that `engine` reads otherwise than it was judged.

    Args:
        weighed: its text was, so that one whose reading is disputed counted as not understood.

    Raises:
        ExecutionError: it is such a one.
    """
    try:
        found = statements(text, "")
    except ValueError:
        if weighed:
            return
        raise _refusal("holds a quote or a comment that not every database ends at the same place") from None
    if engine != "postgres" and _DOLLAR.search(text):
        raise _refusal("holds $$, which quotes a text in PostgreSQL alone")
    for part in found:
        if engine == "postgres" and "`" in part.plain:
            raise _refusal("holds `, which quotes nothing in PostgreSQL")
        names = (part.raw[match.end() :].partition("]")[0] for match in _BRACKET.finditer(part.plain))
        if engine == "sqlite" and any(map(_MARKS.search, names)):
            raise _refusal("holds a quote or a comment between [ and ], which quote a name in SQLite")


def _refusal(reason: str) -> ExecutionError:
    return ExecutionError("the statement", reason, FIX)
