"""Names and ids in a message: short, and nothing that a terminal would obey, for they end up in rules, logs and on
screens."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from safety_core.errors import InputError
from safety_core.wire.reader import Reader

NAME_LIMIT: Final = 200
"""Characters of a name or id: more than any tool's, and short enough for an audit line."""

TOKEN: Final = re.compile("[0-9a-f]{32}")
"""Something that was drawn by chance: 16 bytes."""

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode categories of control and format characters, and of line and paragraph ends."""


def name(body: Reader, field: str, default: str | None = None) -> str:
    """Return the name in `field`, not empty unless `default` is given. Raises InputError naming the field."""
    value = body.text(field, default, limit=NAME_LIMIT)
    if not value and default is None:
        raise InputError(f"{body.path}.{field}", "must not be empty")
    if any(unicodedata.category(character) in _INVISIBLE for character in value):
        raise InputError(f"{body.path}.{field}", "holds a control or format character")
    return value


def token(body: Reader, field: str, default: str | None = None) -> str:
    """Return the 32 lower-case hexadecimal digits in `field`. Raises InputError naming the field."""
    value = body.text(field, default, limit=NAME_LIMIT)
    if value != default and not TOKEN.fullmatch(value):
        raise InputError(f"{body.path}.{field}", "must have 32 lower-case hexadecimal digits")
    return value


def plain(text: str, limit: int) -> str:
    """Return `text` fit for one line of a screen: control characters are spaces, what is too long is cut off."""
    return "".join(" " if unicodedata.category(sign) in _INVISIBLE else sign for sign in text[:limit])
