"""One place in one text, and what was found there."""

from __future__ import annotations

from dataclasses import dataclass

from safety_core.baseline.rule import Rule


@dataclass(frozen=True, slots=True)
class Found:
    """Holds nothing of a secret.

    Attributes:
        start: in characters of the text; [start, end).
        key: the setting in which it stands ("jobs.build.env.TOKEN"), empty where there is none.
        what: what it was taken for, in words.
    """

    rule: Rule
    start: int
    end: int
    key: str = ""
    what: str = ""
