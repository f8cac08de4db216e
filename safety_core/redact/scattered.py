"""A secret that was cut into pieces, and stands in values beside each other: whoever gets them all puts it together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from safety_core.model.finding import Finding, FindingKind
from safety_core.redact.redactor import Redactor

_MOST: Final = 24
"""Pieces that are looked at."""

_AT_ONCE: Final = 4
"""Pieces that one secret may have been cut into."""

_PIECE: Final = 200
"""Characters of a piece; longer ones are no piece of a token."""


def beside(pieces: Sequence[str]) -> list[str]:
    """Return what neighbours among these pieces come to together, a line each."""
    short = [piece for piece in pieces if 0 < len(piece) <= _PIECE][:_MOST]
    return [
        "".join(short[start : start + count])
        for start in range(len(short))
        for count in range(2, min(_AT_ONCE, len(short) - start) + 1)
    ]


def scattered(pieces: Sequence[str], redactor: Redactor) -> tuple[Finding, ...]:
    """Return what neighbours come to together; one alone is looked at elsewhere. Positions mean nothing.

    Counted are registered secrets and tokens of a form of their own: names beside values, and chance, come about when
    values are put together.

    Raises:
        UnscannableError: the scan does not come to its end.
    """
    return tokens_in(beside(pieces), redactor)


def tokens_in(lines: Sequence[str], redactor: Redactor) -> tuple[Finding, ...]:
    """Return the registered secrets and the tokens of a form of their own in some lines. Raises UnscannableError."""
    if not lines:
        return ()
    in_context = redactor.matcher.patterns.in_context
    return tuple(
        found
        for found in redactor.text("\n".join(lines)).findings
        if found.kind is not FindingKind.UNKNOWN and found.rule not in in_context
    )
