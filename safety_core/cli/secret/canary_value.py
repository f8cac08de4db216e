"""Made-up values in the shapes of products' keys. None of them was ever given out by anybody."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER: Final = UPPER.lower()
DIGITS: Final = "0123456789"
BASE62: Final = DIGITS + UPPER + LOWER

Draw: TypeAlias = Callable[[str, int], str]
"""Characters of an alphabet, so many, by chance."""


def _aws(draw: Draw) -> str:
    return "AKIA" + draw(UPPER + "234567", 16)


def _github(draw: Draw) -> str:
    """The last six characters are a checksum of the rest (CRC-32, base 62)."""
    body, number, digits = draw(BASE62, 30), 0, ""
    number = zlib.crc32(body.encode())
    for _ in range(6):
        number, place = divmod(number, 62)
        digits = BASE62[place] + digits
    return f"ghp_{body}{digits}"


KINDS: Final[Mapping[str, Callable[[Draw], str]]] = {
    "aws": _aws,
    "github": _github,
    "gitlab": lambda draw: "glpat-" + draw(BASE62, 20),
    "slack": lambda draw: f"xoxb-{draw(DIGITS, 12)}-{draw(DIGITS, 13)}-{draw(BASE62, 24)}",
    "stripe": lambda draw: "sk_live_" + draw(BASE62, 24),
    "postgres": lambda draw: f"postgresql://app_{draw(LOWER, 4)}:{draw(BASE62, 20)}@db-{draw(LOWER, 4)}:5432/main",
    "password": lambda draw: draw(BASE62, 24),
    "token": lambda draw: draw("0123456789abcdef", 40),
}
"""What can be made, by the word for it."""
