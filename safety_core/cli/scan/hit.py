"""One finding at its place, and everything that one run found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from safety_core.cli.scan.allow import Entry
from safety_core.cli.scan.walk import Refused


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: what is taken for a secret, or what a check forbids. Holds nothing of a secret.

    Attributes:
        path: as `walk.shown_path` writes it.
        line: counted from 1; `column` too, in characters of the decoded text.
        end_column: the first column after it, in line `end_line`.
        fingerprint: of the place, see `fingerprint`.
        key: the setting that it is the value of, where that is known.
        what: what it was taken for, where the rule alone does not say it.
    """

    path: str
    kind: StrEnum
    rule: str
    line: int
    column: int
    end_line: int
    end_column: int
    fingerprint: str
    key: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one run found.

    Attributes:
        hits: in the order of the files, and in each by place.
        allowed: hits that the allow-list names, with their entries.
        skipped: how many files and folders were left out, by reason.
        refused: what should have been looked into; the run is not complete.
        unused: entries of the allow-list that stand for nothing any more.
        allow_list: the name of the file that they are in.
        files: how many were looked into, of `size` bytes in all, in `seconds`.
    """

    hits: tuple[Hit, ...]
    allowed: tuple[tuple[Hit, Entry], ...]
    skipped: Mapping[str, int]
    refused: tuple[Refused, ...]
    unused: tuple[Entry, ...]
    allow_list: str
    files: int
    size: int
    seconds: float

    @property
    def exit_status(self) -> int:
        """0 clean, 1 findings, 2 not everything could be looked into."""
        return 2 if self.refused else int(bool(self.hits))

    @property
    def megabytes_per_second(self) -> float:
        """Speed of the scan itself, 0.0 where it took no time."""
        return self.size / 1e6 / self.seconds if self.seconds else 0.0
