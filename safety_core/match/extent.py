"""A needle was found: from where to where does the secret stand.

Squeezing dropped the marks around a secret's first and last letter, and an encoded secret is the middle of a longer
run that was encoded with it. Both go.
"""

from __future__ import annotations

import string
from typing import Final

from safety_core._native.twin import DROPPED
from safety_core.match.layer import flatten

_WORD: Final = string.ascii_letters.encode() + string.digits.encode() + b"_-"
_RUNS: Final = {
    "base64": _WORD + b"+/",
    "ascii85": _WORD + b"!#$%&*+./:;=?@^~",
    "base85": _WORD + b"!#$%&*+;=?@^~",
}
"""What an encoded secret may go on with on either side: the rest of the message it was encoded with. Otherwise
`_WORD`."""

_BLOCK: Final = 256
_STRAIGHT: Final = frozenset({"", "reversed", "rot13"})


class Extents:
    """What goes with needles that were found in one text. Runs are measured once: thousands of hits may lie in one."""

    __slots__ = ("_flat", "_runs")

    def __init__(self, flat: bytes) -> None:
        self._flat = flat
        self._runs: dict[bytes, tuple[int, int]] = {}

    def of(self, form: str, value: str, start: int, end: int) -> tuple[int, int]:
        """Return the characters that go with the needle of `form` of the secret `value`, found at [start, end)."""
        if form in _STRAIGHT:
            return _with_marks(value[::-1] if form == "reversed" else value, self._flat, start, end)
        word = _RUNS.get(form, _WORD)
        first, last = self._runs.get(word, (0, 0))
        if first <= start and end <= last:
            return first, last
        found = run_start(word, self._flat, start), run_end(word + b"=%", self._flat, end)
        self._runs[word] = found
        return found


def run_start(word: bytes, flat: bytes, start: int) -> int:
    """Return where the run of `word` characters begins that ends at `start`: by blocks, since it may be the whole
    text."""
    while start:
        block = flat[max(0, start - _BLOCK) : start]
        other = len(block.rstrip(word))
        if other:
            return start - len(block) + other
        start -= len(block)
    return 0


def run_end(word: bytes, flat: bytes, end: int) -> int:
    """Return where the run of `word` characters ends that begins at `end`."""
    while block := flat[end : end + _BLOCK]:
        other = len(block.lstrip(word))
        end += len(block) - other
        if other:
            break
    return end


def _with_marks(value: str, flat: bytes, start: int, end: int) -> tuple[int, int]:
    """Widen a span by the marks before the first and behind the last letter of `value`, where they stand."""
    whole = flatten(value)
    before = whole[: len(whole) - len(whole.lstrip(DROPPED))]
    after = whole[len(whole.rstrip(DROPPED)) :]
    start -= next((size for size in range(len(before), 0, -1) if flat.endswith(before[-size:], 0, start)), 0)
    end += next((size for size in range(len(after), 0, -1) if flat.startswith(after[:size], end)), 0)
    return start - _doubled(flat[max(0, start - _BLOCK) : start][::-1], flat[start]), end + _doubled(
        flat[end : end + _BLOCK], flat[end - 1]
    )


def _doubled(beyond: bytes, edge: int) -> int:
    """Return how many backslashes beyond a span are the escaped rest of the one at its edge."""
    more = len(beyond) - len(beyond.lstrip(b"\\"))
    return more - (more + 1) % 2 if edge == 0x5C and more else 0
