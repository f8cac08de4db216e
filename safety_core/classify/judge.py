"""Facts and what the engine answered -> the verdict.

Whatever the rules say, three things hold: a call that was not understood whole, that no rule knows or that does more
than read is at least `yellow`; one that reaches outside is at least `yellow_external`; the decision was made under the
policy in force.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from safety_core.errors import PolicyError
from safety_core.model.facts import Facts, Kind
from safety_core.model.level import Level
from safety_core.model.verdict import Decision, Hit, Verdict

UNKNOWN: Final = "unknown"
OUTWARD: Final = "outward"
UNRULED: Final = "unruled"


def verdict_of(facts: Facts, decision: Decision, revision: str) -> Verdict:
    """Return the verdict on `facts`: the highest level of all hits.

    Raises:
        PolicyError: the decision was made under another policy than `revision`.
    """
    if decision.revision != revision:
        raise PolicyError("decision", "was made under another policy than the one in force", "judge the call again")
    hits = (*decision.hits, *_own_hits(facts, decision))
    gravest = max(hits, key=lambda hit: hit.level)
    return Verdict(gravest.level, gravest.rule, hits, facts, facts.outward, revision)


def _own_hits(facts: Facts, decision: Decision) -> Iterator[Hit]:
    for reason in facts.unknown:
        yield Hit(UNKNOWN, Level.YELLOW, f"not understood: {reason}")
    if not decision.hits or not facts.actions:
        yield Hit(UNRULED, Level.YELLOW, "no rule knows what this does")
    elif any(action.kind is not Kind.READ for action in facts.actions):
        yield Hit(UNRULED, Level.YELLOW, "does more than look")
    if facts.outward:
        yield Hit(OUTWARD, Level.YELLOW_EXTERNAL, "reaches somebody or something outside")
