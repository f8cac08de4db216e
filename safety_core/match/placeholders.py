"""Where our own placeholders stand in a text.

Only the name of a secret that is known, or one that a rule of ours gives, makes a placeholder. Otherwise
`SECRET_REF(...)` around a stolen value would carry it out.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

from safety_core._native.engine import ENGINE
from safety_core.match.span import UNKNOWN
from safety_core.model.secret import DISCOVERED, REFERENCE, SecretName

_BEGINNING: Final = b"SECRET_REF("
_REFERENCE: Final = re.compile(REFERENCE.pattern.encode("ascii"))
_FOUND: Final = re.compile(re.escape(DISCOVERED) + r"(.+)_[0-9a-f]{8}")


def placeholders(flat: bytes, known: Container[SecretName], rules: Container[str]) -> list[tuple[int, int]]:
    """Return [start, end) of each placeholder: of a name in `known`, or `found_<rule>_<8 hex>` of one of `rules`."""
    if not ENGINE.contains(flat, _BEGINNING):
        return []
    return [found.span() for found in _REFERENCE.finditer(flat) if _is_ours(found[1].decode("ascii"), known, rules)]


def _is_ours(name: str, known: Container[SecretName], rules: Container[str]) -> bool:
    made = _FOUND.fullmatch(name)
    return SecretName(name) in known or (made is not None and (made[1] in rules or made[1] == UNKNOWN))
