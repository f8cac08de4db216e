"""What an approver looks at first: whom a call reaches and how much money is in it, without secrets and in few words.

They come from what the edge read out of the call, not from what the agent says of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from safety_core.classify.judge import spoken
from safety_core.model.facts import Facts, TargetKind
from safety_core.redact.redactor import Redactor

MOST: Final = 20
"""Recipients, or amounts, that are named; of more it is said how many. The arguments have them all."""

LONGEST: Final = 200
"""Characters of one of them."""

_END: Final = 100
"""... and how many of them are its last ones: whose an address is stands at its end."""


def recipients_of(facts: Facts, redactor: Redactor) -> tuple[str, ...]:
    """Return whom and what the call's outward actions reach: addresses before the channels on which they lie."""
    values = (target.value for target in facts.recipients)
    return _few(sorted(values, key=lambda value: "@" not in value), redactor)


def amounts_of(facts: Facts, redactor: Redactor) -> tuple[str, ...]:
    """Return the sums of money in the call, as they are written in it."""
    targets = (target for action in facts.actions for target in action.targets)
    return _few((target.value for target in targets if target.kind is TargetKind.AMOUNT), redactor)


def _few(values: Iterable[str], redactor: Redactor) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(values))
    shown = [_short(redactor.text(value).text) for value in found[:MOST]]
    return (*shown, f"and {len(found) - MOST} more") if len(found) > MOST else tuple(shown)


def _short(value: str) -> str:
    line = spoken(value)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - _END - 1]}…{line[-_END:]}"
