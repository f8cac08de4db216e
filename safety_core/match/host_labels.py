"""Does the name of a host carry data. Whoever looks a name up tells its labels to its owner, whatever is answered
(MITRE ATT&CK T1048.003): labels that are encoded text, that only chance would draw, or that are too many.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Final

from safety_core.match.wordlike import entropy, repeated, word_letters

_OWNED: Final = 2
"""Labels at the end of a name that somebody has registered."""

_TEXT: Final = 7
"""Characters that encoded labels come to in all: fewer are met by chance."""

_LONG: Final = 20
"""Characters of a label that may be drawn by chance; shorter ones name machines and buckets."""

_CHANCE: Final = 3.2
"""Bits per character."""

_MANY: Final = 8
"""Labels below the registered ones: names of services have four or five."""

_WIDE: Final = 50
"""Characters of a label, of 63 that there can be; all together, twice that."""

_HEX: Final = re.compile(r"(?:[2-7][0-9a-f]){4,}")
_BASE32: Final = re.compile(r"[a-z2-7]{8,}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{4,}")
_SPOKEN: Final = re.compile(r"[A-Za-z0-9 _.:;,=@/+!#$%&*?'\"{}()\[\]|~^<>\\-]+")


def carries_data(host: str) -> str:
    """Return why a name is taken to carry data; empty where it is not.

    Args:
        host: as it was spelled: base64 tells upper from lower case.
    """
    labels = host.strip(".").split(".")[:-_OWNED]
    if len(labels) > _MANY:
        return f"has {len(labels)} labels below a registered name"
    if max(map(len, labels), default=0) >= _WIDE or sum(map(len, labels)) >= 2 * _WIDE:
        return "has labels longer than names are"
    said = sum(max((len(text) for text in _readings(label)), default=0) for label in labels)
    if said >= _TEXT:
        return "has labels that are encoded text"
    if any(_by_chance(label) for label in labels):
        return "has a label that looks drawn by chance"
    pieces = "".join(label for label in labels if len(label) >= 8)
    if len(labels) > 2 and _by_chance(pieces):
        return "has labels that look drawn by chance"
    return ""


def _by_chance(label: str) -> bool:
    return any(map(_drawn, label.split("-")))


def _drawn(label: str) -> bool:
    if len(label) < _LONG or repeated(label):
        return False
    digits = sum(map(str.isdigit, label))
    return digits >= 3 and entropy(label) >= _CHANCE and word_letters(label) * 2 < len(label)


def _readings(label: str) -> Iterator[str]:
    """Yield the texts that a label comes to."""
    low = label.lower()
    raws = []
    if _HEX.fullmatch(low) and len(low) % 2 == 0:
        raws.append(bytes.fromhex(low))
    if _BASE32.fullmatch(low) and (re.search("[2-7]", low) or not _wordy(low)):
        raws += _decoded(base64.b32decode, low.upper(), 8)
    if _BASE64.fullmatch(label) and label not in {low, label.upper(), label.capitalize()}:
        raws += _decoded(base64.urlsafe_b64decode, label.replace("+", "-").replace("/", "_"), 4)
    for raw in raws:
        text = raw.decode("latin-1").rstrip("\n")
        if _SPOKEN.fullmatch(text):
            yield text


def _decoded(decode: Callable[[str], bytes], text: str, unit: int) -> list[bytes]:
    try:
        return [decode(text + "=" * (-len(text) % unit))]
    except (binascii.Error, ValueError):
        return []


def _wordy(label: str) -> bool:
    return word_letters(label) * 2 >= len(label)
