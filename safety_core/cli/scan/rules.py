"""What a rule is called, how grave it is, and why it takes something for a secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from safety_core.match.checks import CHECKS
from safety_core.match.span import REGISTERED, UNKNOWN
from safety_core.model.finding import FindingKind
from safety_core.model.policy import Pattern


class Severity(StrEnum):
    """How sure and how bad it is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"


SEVERITY: Final[Mapping[FindingKind, Severity]] = {
    FindingKind.REGISTERED: Severity.CRITICAL,
    FindingKind.PATTERN: Severity.HIGH,
    FindingKind.UNKNOWN: Severity.MEDIUM,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be told about a rule. `why`: one or two sentences."""

    id: str
    title: str
    kind: FindingKind
    why: str

    @property
    def severity(self) -> Severity:
        """Follows from the kind: a known secret, the form of one, or mere likeness."""
        return SEVERITY[self.kind]


class Rules:
    """Every rule of one policy, and the two that need none."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._rules = {pattern.id: _of_pattern(pattern) for pattern in patterns}

    def of(self, kind: FindingKind, rule: str) -> Rule:
        """Return the rule that made a finding."""
        return self.by_id(rule) or Rule(rule, rule, kind, "")

    def by_id(self, rule: str) -> Rule | None:
        """Return the rule of this id, if there is one."""
        if rule == UNKNOWN:
            return Rule(UNKNOWN, "Looks like a random token", FindingKind.UNKNOWN, _UNKNOWN)
        if rule.partition("-")[0] == REGISTERED:
            form = rule.partition("-")[2]
            dress = f", in another form ({form})" if form else ""
            return Rule(rule, "A secret that you named", FindingKind.REGISTERED, f"{_REGISTERED}{dress}.")
        return self._rules.get(rule)

    def ids(self) -> list[str]:
        """Return the id of every rule, sorted."""
        return sorted([*self._rules, REGISTERED, UNKNOWN])


_REGISTERED: Final = "It is one of the secrets in the file that --secrets names"
_UNKNOWN: Final = "It reads like a token drawn by chance: no words, no number, no known kind of id."


def _of_pattern(pattern: Pattern) -> Rule:
    held = [*_held(pattern)]
    more = f", and this holds: {'; '.join(held)}" if held else ""
    return Rule(pattern.id, pattern.title, FindingKind.PATTERN, f"It has the form of one{more}.")


def _held(pattern: Pattern) -> Iterator[str]:
    """Yield what else must hold for a hit of the pattern. The checks themselves say it in their docstrings."""
    words = " ".join((CHECKS[pattern.check].__doc__ or "").split("\n\n")[0].split()).rstrip(".")
    if pattern.check and words:
        yield words[:1].lower() + words[1:]
    if pattern.keywords:
        yield f"one of these words stands near: {', '.join(pattern.keywords)}"
    if pattern.min_entropy:
        yield f"at least {pattern.min_entropy:g} bits of entropy per character"
