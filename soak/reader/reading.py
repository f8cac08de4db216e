"""All checks, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from soak.reader.acts import check_once, check_permitted
from soak.reader.evidence import Evidence
from soak.reader.finding import Report
from soak.reader.grants import check_used_once
from soak.reader.log import check_answers, check_prompts, check_whole
from soak.reader.search import check_nowhere
from soak.reader.trials import check_starts
from soak.reader.usage import check_shown, check_totals

CHECKS: Final[tuple[Callable[[Evidence, Report], None], ...]] = (
    check_whole,
    check_answers,
    check_prompts,
    check_permitted,
    check_once,
    check_used_once,
    check_totals,
    check_shown,
    check_nowhere,
    check_starts,
)


def read(folder: Path) -> Report:
    """Return what the evidence in a folder comes to."""
    evidence, report = Evidence.of(folder), Report()
    for check in CHECKS:
        check(evidence, report)
    return report
