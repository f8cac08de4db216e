"""Does a token look like words or like chance.

Which trigrams are usual, `safety_core._native.words` says. Letters that are no ASCII belong to no word.
"""

from __future__ import annotations

import re
from typing import Final

from safety_core._native.engine import ENGINE

_ALIKE: Final = re.compile(r"(.)\1{5,}|[xX*.#]{6,}|\.\.\.", re.DOTALL)


def usual_share(text: str) -> float:
    """Return the share of usual ones among the trigrams of letters in `text`, 0.0 where there are none."""
    return ENGINE.usual_share(_bytes(text))


def word_letters(text: str) -> int:
    """Return how many characters of `text` belong to words: runs of 4 letters or more, at least half
    usual trigrams."""
    return ENGINE.word_letters(_bytes(text))


def entropy(text: str) -> float:
    """Return the Shannon entropy of `text` in bits per character; characters beyond Latin-1 count as one."""
    return ENGINE.entropy(_bytes(text))


def _bytes(text: str) -> bytes:
    return text.encode("latin-1", "replace")


def repeated(text: str) -> bool:
    """Tell whether there is a row of one character, or of crosses, dots or stars, as in documentation."""
    return _ALIKE.search(text) is not None
