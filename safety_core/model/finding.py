"""Where a secret was seen, and the text without it. Never the secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from safety_core.model.secret import SecretName, SecretValue


class FindingKind(StrEnum):
    """Which of the three detectors saw it."""

    REGISTERED = "registered"
    PATTERN = "pattern"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One span, in characters of the scanned text: [start, end). `name` is the secret it is redacted to."""

    kind: FindingKind
    rule: str
    start: int
    end: int
    name: SecretName


def certain(findings: Iterable[Finding]) -> bool:
    """Tell whether any of these is a secret, and none that only looks like chance: where ids stand, all of them do."""
    return any(finding.kind is not FindingKind.UNKNOWN for finding in findings)


@dataclass(frozen=True, slots=True)
class Redaction:
    """A text after redaction.

    Attributes:
        text: what may leave.
        findings: what was replaced.
        discovered: values that no person registered, by their new names; they go to the vault and nowhere else.
    """

    text: str
    findings: tuple[Finding, ...] = ()
    discovered: dict[SecretName, SecretValue] = field(default_factory=dict)
