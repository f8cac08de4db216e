"""What was seen where."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from safety_core.model.finding import FindingKind
from safety_core.model.secret import SecretName

REGISTERED: Final = "registered"
"""The rule of registered secrets. For one that was found in another form, the form follows: `registered-base64`."""

UNKNOWN: Final = "unknown"
"""The rule of what no pattern knows."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of one text. `rule` is a pattern's id, or one of the rules above; `name` is set for
    registered secrets alone."""

    kind: FindingKind
    rule: str
    start: int
    end: int
    name: SecretName | None = None


_RANK = {FindingKind.REGISTERED: 0, FindingKind.PATTERN: 1, FindingKind.UNKNOWN: 2}


def settle(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, without overlaps.

    A registered secret wins over a pattern, a pattern over the unknown: what loses is dropped, and what of it
    stands outside of the winner is looked at again in the next pass. Overlapping spans of the same kind become one,
    so that nothing of either stays; it carries the rule and name of the longest.
    """
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (_RANK[span.kind], span.start, -span.end)):
        if merged and merged[-1].kind is span.kind and span.start < merged[-1].end:
            merged[-1] = _join(merged[-1], span)
        else:
            merged.append(span)
    kept: list[Span] = []
    for span in merged:
        place = bisect_left(kept, span.start, key=lambda other: other.start)
        clear_before = place == 0 or kept[place - 1].end <= span.start
        if clear_before and (place == len(kept) or kept[place].start >= span.end):
            kept.insert(place, span)
    return kept


def _join(left: Span, right: Span) -> Span:
    lead = left if left.end - left.start >= right.end - right.start else right
    return Span(lead.kind, lead.rule, left.start, max(left.end, right.end), lead.name)
