"""Facts and what the engine answered -> the verdict.

Whatever the rules say, four things hold: a call that was not understood whole, that no rule knows or that does more
than read is at least `yellow`; one that reaches outside is at least `yellow_external`; the decision was made under the
policy in force; a reason, which may hold names that an agent chose, is one short line of visible characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from safety_core.errors import PolicyError
from safety_core.model.facts import Facts, Kind
from safety_core.model.level import Level
from safety_core.model.verdict import Decision, Hit, Verdict

UNKNOWN: Final = "unknown"
OUTWARD: Final = "outward"
UNRULED: Final = "unruled"

REASON_LIMIT: Final = 300
"""Characters of one reason: what a person reads before they answer."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Categories of characters that a reader does not see, or that turn round what stands beside them."""


def verdict_of(facts: Facts, decision: Decision, revision: str) -> Verdict:
    """Return the verdict on `facts`: the highest level of all hits.

    Raises:
        PolicyError: the decision was made under another policy than `revision`.
    """
    if decision.revision != revision:
        raise PolicyError("decision", "was made under another policy than the one in force", "judge the call again")
    said = tuple(replace(hit, reason=spoken(hit.reason)) for hit in decision.hits)
    hits = (*said, *_own_hits(facts, decision))
    gravest = max(hits, key=lambda hit: hit.level)
    return Verdict(gravest.level, gravest.rule, hits, facts, facts.outward, revision)


def spoken(reason: str) -> str:
    """Return a reason as one line in which everything is seen, cut where it is too long."""
    line = reason if reason.isprintable() else "".join(map(_seen, reason))
    return line if len(line) <= REASON_LIMIT else line[: REASON_LIMIT - 1] + "…"


def _seen(character: str) -> str:
    return "\ufffd" if unicodedata.category(character) in _UNSEEN else character


def _own_hits(facts: Facts, decision: Decision) -> Iterator[Hit]:
    """Yield what holds whatever the rules say, where they say less."""
    level = max((hit.level for hit in decision.hits), default=Level.GREEN)
    for reason in facts.unknown:
        yield Hit(UNKNOWN, Level.YELLOW, spoken(f"not understood: {reason}"))
    if not decision.hits or not facts.actions:
        yield Hit(UNRULED, Level.YELLOW, "no rule knows what this does")
    elif level < Level.YELLOW and any(action.kind is not Kind.READ for action in facts.actions):
        yield Hit(UNRULED, Level.YELLOW, "does more than look")
    if facts.outward and level < Level.YELLOW_EXTERNAL:
        yield Hit(OUTWARD, Level.YELLOW_EXTERNAL, "reaches somebody or something outside")
