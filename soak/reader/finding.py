"""What is wrong, in one line."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that must not be. `about`: the invariant, in a word."""

    about: str
    what: str


@dataclass(slots=True)
class Report:
    """What was looked at, in numbers, and what was found."""

    numbers: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def wrong(self, about: str, what: str) -> None:
        """Take in a finding."""
        self.findings.append(Finding(about, what))

    def unless(self, holds: bool, about: str, what: str) -> None:
        """Take in a finding unless something holds."""
        if not holds:
            self.wrong(about, what)

    def count(self, name: str, number: int) -> None:
        """Take in a number."""
        self.numbers[name] = number
