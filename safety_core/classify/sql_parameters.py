"""Whether a statement only stores or compares its parameters as they are, or could show a piece of one.

A secret may be a parameter. Whole, it is known again in any result; turned round, cut off or compared by its letters it
is not.
"""

from __future__ import annotations

import re
from typing import Final

from safety_core.classify.sql import LIMIT
from safety_core.classify.sql_text import statements

_MARK: Final = r"(?:\$\d+|\?\d*|[:@]\w+)"
_PLAIN: Final = rf"(?:{_MARK}|'\s*'|-?[\d.]+|NULL|DEFAULT|TRUE|FALSE|CURRENT_\w+|NOW\s*\(\s*\))"
_ROWS: Final = re.compile(rf"\bVALUES(?:\s*(?:,\s*)?\(\s*{_PLAIN}(?:\s*,\s*{_PLAIN})*\s*\))+")
_EQUAL: Final = re.compile(
    rf"(?<![<>~!|=:])=\s*{_MARK}(?=\s*(?:$|[;,)]|(?:AND|OR|WHERE|ORDER|GROUP|LIMIT|RETURNING|FOR)\b))"
    rf"|\b(?:LIMIT|OFFSET)\s+{_MARK}(?=\s*(?:$|[;)]|(?:LIMIT|OFFSET|FOR)\b))"
)
_READS: Final = re.compile(r"\b(?:SELECT|WITH|TABLE)\b|^VALUES\b")
"""What stands in a row of VALUES may be read there."""

_LOST: Final = re.compile(r"(?<![\w$])(?:\$\d|\?|[:@]\w)")
_RETURNED: Final = re.compile(r"\bRETURNING\b(?!\s+(?:\*|[\w.]+(?:\s*,\s*[\w.]+)*)\s*$)")


def takes_apart(text: str) -> bool:
    """Tell whether `text`, statements with parameters, could show a piece of one of them."""
    if len(text) > LIMIT:
        return True
    try:
        found = statements(text, "")
    except ValueError:
        return True
    return any(map(_parts, (statement.plain.rstrip() for statement in found)))


def _parts(plain: str) -> bool:
    rest = _EQUAL.sub(" ", plain if _READS.search(plain) else _ROWS.sub(" ", plain))
    return _LOST.search(rest.replace("::", "")) is not None or _RETURNED.search(plain) is not None
