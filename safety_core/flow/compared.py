"""One call under two policies: what each makes of it, and what a change from one to the other would mean.

For `safety policy replay` and `diff --calls`, and for a candidate that judges in the shadow of the policy in force.
Nothing here is enforced.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.gate import rule_on
from safety_core.model.level import Level, Outcome
from safety_core.model.policy import Policy
from safety_core.model.tool_call import ToolCall
from safety_core.model.verdict import Verdict

EXAMPLES: Final = 3
"""Examples that are kept of each rule; more make no one wiser."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a policy makes of a call.

    Attributes:
        trouble: why nothing could be said; level and outcome are then what an edge would enforce.
    """

    level: Level
    outcome: Outcome
    rule: str
    reasons: tuple[str, ...] = ()
    trouble: str = ""

    def to_json(self) -> JsonObject:
        """Return it as `safety classify` says it."""
        found: JsonObject = {
            "level": self.level.word,
            "outcome": self.outcome.word,
            "rule": self.rule,
            "reasons": [*self.reasons],
        }
        return {**found, "error": self.trouble} if self.trouble else found


def of_verdict(call: ToolCall, verdict: Verdict, policy: Policy, now: float) -> Judged:
    """Return verdict and ruling as one value."""
    ruling = rule_on(call, verdict, policy, now)
    return Judged(verdict.level, ruling.outcome, verdict.rule, verdict.reasons)


def untold(trouble: str) -> Judged:
    """Return what is enforced when nothing could be judged: a denial."""
    return Judged(Level.YELLOW, Outcome.DENY, "unknown", (trouble,), trouble)


@dataclass(frozen=True, slots=True)
class Difference:
    """A call on which two policies do not agree. `shown` is the call in a line that holds no secret."""

    id: str
    shown: str
    before: Judged
    after: Judged

    @property
    def outcome_changes(self) -> bool:
        """True where something else would happen; else only the level differs."""
        return self.before.outcome is not self.after.outcome

    def to_json(self) -> JsonObject:
        """Return it as one line of a report."""
        return {"id": self.id, "call": self.shown, "before": self.before.to_json(), "after": self.after.to_json()}


@dataclass(slots=True)
class Tally:
    """Counts what a change would do to many calls."""

    calls: int = 0
    same: int = 0
    outcomes: Counter[tuple[Outcome, Outcome]] = field(default_factory=Counter)
    levels: Counter[tuple[Level, Level]] = field(default_factory=Counter)
    by_rule: dict[str, list[Difference]] = field(default_factory=dict)
    rule_counts: Counter[str] = field(default_factory=Counter)

    def add(self, call: str, shown: str, before: Judged, after: Judged) -> Difference | None:
        """Count one call; the reply is how the two differ, None where they agree on level and outcome."""
        self.calls += 1
        if (before.level, before.outcome) == (after.level, after.outcome):
            self.same += 1
            return None
        found = Difference(call, shown, before, after)
        if before.level is not after.level:
            self.levels[before.level, after.level] += 1
        if found.outcome_changes:
            self.outcomes[before.outcome, after.outcome] += 1
        rule = responsible(before, after)
        self.rule_counts[rule] += 1
        _keep(self.by_rule.setdefault(rule, []), found)
        return found

    @property
    def differing(self) -> int:
        """Calls on which the two do not agree."""
        return self.calls - self.same

    @property
    def stricter(self) -> int:
        """Calls that would meet a stricter outcome."""
        return sum(count for (before, after), count in self.outcomes.items() if after > before)

    @property
    def looser(self) -> int:
        """Calls that would meet a looser outcome."""
        return sum(count for (before, after), count in self.outcomes.items() if after < before)

    def to_json(self) -> JsonObject:
        """Return the counts, with the examples of each rule."""
        outcomes: list[Json] = [
            {"before": before.word, "after": after.word, "calls": count}
            for (before, after), count in sorted(self.outcomes.items())
        ]
        levels: list[Json] = [
            {"before": before.word, "after": after.word, "calls": count}
            for (before, after), count in sorted(self.levels.items())
        ]
        rules: JsonObject = {
            rule: {"calls": self.rule_counts[rule], "examples": [example.to_json() for example in self.by_rule[rule]]}
            for rule in sorted(self.by_rule)
        }
        counts: JsonObject = {"calls": self.calls, "same": self.same, "stricter": self.stricter, "looser": self.looser}
        return {**counts, "outcomes": outcomes, "levels": levels, "rules": rules}


def responsible(before: Judged, after: Judged) -> str:
    """Return the rule that makes the difference: the one that decides where the call is judged graver."""
    return after.rule if after.level >= before.level else before.rule


def _keep(kept: list[Difference], found: Difference) -> None:
    if len(kept) < EXAMPLES and all(found.shown != known.shown for known in kept):
        kept.append(found)
