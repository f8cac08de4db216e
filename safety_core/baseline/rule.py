"""One thing to look for, and where it is let be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from safety_core.model.path_glob import any_of
from safety_core.model.severity import Severity


class RuleKind(StrEnum):
    """What a rule is about."""

    FORBIDDEN = "forbidden"
    DEPRECATED = "deprecated"
    CREDENTIAL = "credential"


class Finds(StrEnum):
    """What a rule about credentials takes for one.

    pattern: the form of a known one, or a run that reads like chance. literal: a value that can be one, of something
    named as one. weak: a password that is a plain word. manifest: the values of a Kubernetes Secret.
    """

    PATTERN = "pattern"
    LITERAL = "literal"
    WEAK = "weak"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class Exemption:
    """Paths in which a rule lets things be. `until`: the last day of it (YYYY-MM-DD), empty where it has none."""

    paths: tuple[str, ...]
    reason: str
    until: str
    place: str

    def covers(self, path: str) -> bool:
        """Say whether it speaks of this file."""
        return any_of(self.paths).fullmatch(path) is not None

    def is_over(self, today: str) -> bool:
        """Say whether its last day has passed."""
        return bool(self.until) and self.until < today


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        instead: what to use; may be empty.
        paths: globs of the files it looks into; with neither these nor `jobs`, every file.
        jobs: it looks into the files of jobs and deployments (`safety_core.baseline.jobs`).
        files: globs of files that should be gone.
        words: what no text may hold, as whole words or whole parts of a path.
        expressions: what no text may hold, as regular expressions.
        finds: what it takes for a credential.
        keys: names of settings that hold one, besides those that say so.
        place: "file:line" at which it is written.
    """

    id: str
    kind: RuleKind
    title: str
    reason: str
    instead: str
    severity: Severity
    paths: tuple[str, ...]
    jobs: bool
    files: tuple[str, ...]
    words: tuple[str, ...]
    expressions: tuple[str, ...]
    ignore_case: bool
    finds: frozenset[Finds]
    keys: frozenset[str]
    exemptions: tuple[Exemption, ...]
    place: str

    @property
    def reads(self) -> bool:
        """It needs a file's text, not only its name."""
        return bool(self.words or self.expressions or self.finds)

    def names(self, path: str) -> bool:
        """Say whether its globs speak of a file."""
        return any_of(self.paths).fullmatch(path) is not None
