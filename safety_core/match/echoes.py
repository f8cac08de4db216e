"""Where values that were found once stand again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

SHORTEST: Final = 8
"""Length from which a value is looked for in the whole text; shorter ones stand in other words."""

_FEW: Final = 16
"""Values that are looked for one by one. For more, the text is read once: the time must not grow with both."""

_BORDER: Final = re.compile(rb"(?<![A-Za-z0-9])(?=(.{%d}))" % SHORTEST, re.DOTALL)


def echoes(flat: bytes, values: Mapping[bytes, str]) -> Iterator[tuple[str, int, int]]:
    """Yield (what `values` maps it to, start, end) of each value of `SHORTEST` bytes or more, where no letter or digit
    stands beside it."""
    wanted = {value: name for value, name in values.items() if len(value) >= SHORTEST}
    if len(wanted) > _FEW:
        yield from _in_one_pass(flat, wanted)
        return
    for value, name in wanted.items():
        if flat.count(value) > 1:
            for found in re.finditer(rb"(?<![A-Za-z0-9])%b(?![A-Za-z0-9])" % re.escape(value), flat):
                yield name, *found.span()


def _in_one_pass(flat: bytes, wanted: Mapping[bytes, str]) -> Iterator[tuple[str, int, int]]:
    lengths: dict[bytes, set[int]] = {}
    for value in wanted:
        lengths.setdefault(value[:SHORTEST], set()).add(len(value))
    for found in _BORDER.finditer(flat):
        start = found.start()
        for length in lengths.get(found[1], ()):
            end = start + length
            name = wanted.get(flat[start:end])
            if name and end <= len(flat) and not flat[end : end + 1].isalnum():
                yield name, start, end
