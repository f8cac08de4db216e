"""Mutations without coverage, for the few thousand inputs that the test suite tries."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

_ODD: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x0D, 0x22, 0x5C)


def mutated(random: Random, corpus: Sequence[bytes], words: Sequence[bytes], longest: int) -> bytes:
    """Return an input made of one of the corpus, by one to four changes."""
    raw = bytearray(random.choice(corpus))
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(raw) + 1)
        end = min(len(raw), at + random.choice((1, 1, 2, 4, 16)))
        match random.randrange(7):
            case 0:
                raw[at:at] = random.choice(words)
            case 1:
                raw[at:end] = random.choice(words)
            case 2:
                raw[at:end] = bytes([random.choice(_ODD)]) * random.randint(1, 2)
            case 3:
                raw[at:end] = bytes([random.randrange(256)])
            case 4:
                del raw[at:end]
            case 5:
                raw[at:at] = raw[at:end] * random.choice((1, 2, 50))
            case _:
                other = random.choice(corpus)
                raw[at:] = other[random.randrange(len(other) + 1) :]
    return bytes(raw[:longest])
