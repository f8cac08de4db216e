"""Is a token drawn by chance? A logistic model of twelve numbers that are read off its characters.

The weights come from `python -m bench.chance_model`: keys and passwords of usual shapes, drawn at random, against what
looks alike in installed packages.
"""

from __future__ import annotations

import math
import re
from typing import Final

from safety_core.match.wordlike import entropy, usual_share, word_letters

WEIGHTS: Final = (-2.56, -6.45, 4.70, -2.23, -4.19, 1.08, 1.24, -4.02, -4.75, -1.13, 3.15, 8.81)
BIAS: Final = -6.75

_CLASSES: Final = bytes(
    0 if 0x61 <= byte <= 0x7A else 1 if 0x41 <= byte <= 0x5A else 2 if 0x30 <= byte <= 0x39 else 3
    for byte in range(256)
)
_CHANGE: Final = re.compile(rb"\x00+|\x01+|\x02+|\x03+")


def features(token: str) -> tuple[float, ...]:
    """Return what the model sees of a token of at least two characters, each about 0..1."""
    size = len(token)
    classes = token.encode("latin-1").translate(_CLASSES)
    lower, upper, digits = (classes.count(kind) / size for kind in (0, 1, 2))
    runs = _CHANGE.findall(classes)
    return (
        usual_share(token),
        word_letters(token) / size,
        entropy(token) / math.log2(min(size, 64)),
        len(runs) / size,
        max(map(len, runs)) / size,
        lower,
        upper,
        digits,
        1 - lower - upper - digits,
        min(lower, upper, digits) * 3,
        math.log2(size) / 8,
        len(set(token)) / min(size, 64),
    )


def chance(token: str) -> float:
    """Return how likely it is that `token` was drawn by chance, as log-odds: above 0 it is."""
    return BIAS + sum(weight * value for weight, value in zip(WEIGHTS, features(token), strict=True))
