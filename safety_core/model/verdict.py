"""What the policy says about a call, and what the gate makes of it."""

from __future__ import annotations

from dataclasses import dataclass

from safety_core.model.facts import Facts
from safety_core.model.level import Level, Outcome


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that fired, with its reason in words a shop owner understands."""

    rule: str
    level: Level
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy engine answered: every rule that fired, under one policy revision."""

    hits: tuple[Hit, ...]
    revision: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How grave a call is, with the evidence.

    Attributes:
        level: the highest level of all hits.
        rule: the rule that gave that level.
        outward: the call reaches somebody or something outside, whatever its level.
    """

    level: Level
    rule: str
    hits: tuple[Hit, ...]
    facts: Facts
    outward: bool
    revision: str

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons, gravest first, without repeats. Beside a grave one, "only looks" would contradict it."""
        least = min(self.level, Level.YELLOW)
        ordered = sorted((hit for hit in self.hits if hit.level >= least), key=lambda hit: -hit.level)
        return tuple(dict.fromkeys(hit.reason for hit in ordered))

    @property
    def why(self) -> str:
        """The reasons as one text for a person."""
        return "; ".join(self.reasons)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the gate says: the outcome and the clauses that led to it ("floor no-audit-tampering", "tier trusted")."""

    outcome: Outcome
    clauses: tuple[str, ...]
