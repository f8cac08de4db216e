"""What a rule is called, how grave it is, and why it takes something for a secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from safety_core.match.checks import CHECKS
from safety_core.match.span import REGISTERED, UNKNOWN
from safety_core.model.finding import FindingKind
from safety_core.model.policy import Pattern
from safety_core.model.severity import Severity

SEVERITY: Final[Mapping[FindingKind, Severity]] = {
    FindingKind.REGISTERED: Severity.CRITICAL,
    FindingKind.PATTERN: Severity.HIGH,
    FindingKind.UNKNOWN: Severity.MEDIUM,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be told about a rule. `why`: one or two sentences. `tags`: what code hosts sort by."""

    id: str
    title: str
    kind: StrEnum
    why: str
    severity: Severity
    tags: tuple[str, ...] = ("secret",)


class RuleBook(Protocol):
    """What reports need to know about the rules of a check.

    Attributes:
        command: the check, as it is typed.
        explain: what a rule's id is added to, to have it explained.
        fix: what to do about findings; "{allow_list}" stands for the file that lists what is let be.
    """

    command: str
    explain: str
    fix: str

    def of(self, kind: StrEnum, rule: str) -> Rule:
        """Return the rule that made a finding."""


class Rules:
    """Every rule of one policy, and the two that need none. A severity follows from the kind: a known secret, the form
    of one, or mere likeness."""

    command = "safety scan"
    explain = "safety scan --explain"
    fix = (
        "No secret after all? Write the fingerprint into {allow_list}, with the reason after a #. "
        "A secret? Replace it at its provider first: whoever has read the file has it."
    )

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._rules = {pattern.id: _of_pattern(pattern) for pattern in patterns}

    def of(self, kind: StrEnum, rule: str) -> Rule:
        """Return the rule that made a finding."""
        return self.by_id(rule) or Rule(rule, rule, kind, "", SEVERITY[FindingKind(kind)])

    def by_id(self, rule: str) -> Rule | None:
        """Return the rule of this id, if there is one."""
        if rule == UNKNOWN:
            return _rule(UNKNOWN, "Looks like a random token", FindingKind.UNKNOWN, _UNKNOWN)
        if rule.partition("-")[0] == REGISTERED:
            form = rule.partition("-")[2]
            dress = f", in another form ({form})" if form else ""
            return _rule(rule, "A secret that you named", FindingKind.REGISTERED, f"{_REGISTERED}{dress}.")
        return self._rules.get(rule)

    def ids(self) -> list[str]:
        """Return the id of every rule, sorted."""
        return sorted([*self._rules, REGISTERED, UNKNOWN])


_REGISTERED: Final = "It is one of the secrets in the file that --secrets names"
_UNKNOWN: Final = "It reads like a token drawn by chance: no words, no number, no known kind of id."


def _rule(id_: str, title: str, kind: FindingKind, why: str) -> Rule:
    return Rule(id_, title, kind, why, SEVERITY[kind], ("secret", kind.value))


def _of_pattern(pattern: Pattern) -> Rule:
    held = [*_held(pattern)]
    more = f", and this holds: {'; '.join(held)}" if held else ""
    return _rule(pattern.id, pattern.title, FindingKind.PATTERN, f"It has the form of one{more}.")


def _held(pattern: Pattern) -> Iterator[str]:
    """Yield what else must hold for a hit of the pattern. The checks themselves say it in their docstrings."""
    words = " ".join((CHECKS[pattern.check].__doc__ or "").split("\n\n")[0].split()).rstrip(".")
    if pattern.check and words:
        yield words[:1].lower() + words[1:]
    if pattern.keywords:
        yield f"one of these words stands near: {', '.join(pattern.keywords)}"
    if pattern.min_entropy:
        yield f"at least {pattern.min_entropy:g} bits of entropy per character"
