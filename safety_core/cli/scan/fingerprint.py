"""The name of a place at which something was found, to allow it by.

A fingerprint is committed into a repository, where everybody reads it for ever. One made of the value, however slowly,
would let a reader try out passwords against it at leisure: the values that people choose are few. So nothing of the
value is in it. It is made of the place alone:

    path    relative to the folder in which the scan was started
    rule    id
    line    what stands in it before the value, and after it, with every finding of the line masked
    ordinal 0 for the first of those that are the same in all of this, 1 for the next ...

What is masked is the finding and whatever sticks to it, up to a space, a quote or a mark of punctuation: a detector may
have seen only a part of a value. The line's number is not in it, so that text above may come and go.

What follows from it: an entry allows a place, not a value. Who later writes another secret at the same place has it
allowed too. Editing the line, moving the file or another rule ends it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from safety_core.canonical import canonical_bytes


class Place(Protocol):
    """Something found in a text by a rule: in characters [start, end)."""

    @property
    def rule(self) -> str:
        """Its rule's id."""

    @property
    def start(self) -> int:
        """Its first character."""

    @property
    def end(self) -> int:
        """The one after its last."""


_EDGES: Final = frozenset("\"'`=:,;()<>[]{}|&")
_WINDOW: Final = 200
"""Characters on either side that count as the line: some files are one line of megabytes."""

MASK: Final = "\N{BLACK SQUARE}"


def fingerprints(path: str, text: str, findings: Sequence[Place]) -> list[str]:
    """Return the fingerprint of each finding in `text`: 16 hexadecimal digits."""
    seen: Counter[tuple[str, str]] = Counter()
    made: list[str] = []
    name = path.encode("utf-8", "surrogateescape").decode("latin-1")  # a name may be no text at all
    masks = [_widened(text, found) for found in findings]
    for index, found in enumerate(findings):
        line = _line(text, found, masks, index)
        ordinal = seen[found.rule, line]
        seen[found.rule, line] += 1
        place = canonical_bytes([name, found.rule, line, ordinal])
        made.append(hashlib.blake2b(place, digest_size=8, person=b"safety place").hexdigest())
    return made


def _line(text: str, found: Place, masks: Sequence[tuple[int, int]], index: int) -> str:
    """Return what stands around one finding in its line, every finding in it masked."""
    start = max(0, found.start - _WINDOW)
    start = max(text.rfind("\n", start, found.start) + 1, start)
    stop = text.find("\n", found.end, found.end + _WINDOW)
    stop = stop if stop >= 0 else min(len(text), found.end + _WINDOW)
    near = [mask for mask in _around(masks, index) if mask[0] < stop and start < mask[1]]
    pieces: list[str] = []
    copied = start
    for begin, end in near:
        pieces.append(text[copied : max(begin, copied)])
        copied = max(end, copied)
    return MASK.join([*pieces, text[copied:stop]]).strip()


def _around(masks: Sequence[tuple[int, int]], index: int) -> Iterable[tuple[int, int]]:
    """Yield the masks that can lie in the same line: each takes a character and something between them."""
    return masks[max(0, index - _WINDOW) : index + _WINDOW]


def _widened(text: str, found: Place) -> tuple[int, int]:
    start, end = found.start, found.end
    while start > max(0, found.start - _WINDOW) and not _edge(text[start - 1]):
        start -= 1
    while end < min(len(text), found.end + _WINDOW) and not _edge(text[end]):
        end += 1
    return start, end


def _edge(character: str) -> bool:
    return character.isspace() or character in _EDGES
