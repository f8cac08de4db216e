"""What was found, as a table for people: what is open first, with what it means and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from safety_core.cli.doctor.trial import Trial
from safety_core.cli.doctor.words import WORDS
from safety_core.wire.posture import Check, Posture, Result

_COLOURS = {Result.OPEN: "red", Result.UNKNOWN: "yellow", Result.BLOCKED: "green"}


def show(posture: Posture, trials: Mapping[Check, Trial], notes: Sequence[str], console: Console) -> None:
    """Print the table, what to do about what is open, and what has to be known about how it was tried."""
    table = Table("check", "result", "tried")
    for result in (Result.OPEN, Result.UNKNOWN, Result.BLOCKED):
        for check in posture.named(result):
            table.add_row(check.value, Text(result.value, style=_COLOURS[result]), WORDS[check].tried)
    console.print(table)
    for (means, fix), checks in _alike(posture.named(Result.OPEN)).items():
        named = ", ".join(f"{check} ({trials[check].detail})" for check in checks)
        console.print(Text.assemble((named, _COLOURS[Result.OPEN]), f": {means}. Fix: {fix}"))
    for check in posture.named(Result.UNKNOWN):
        console.print(Text.assemble((check.value, _COLOURS[Result.UNKNOWN]), f": no proof, {trials[check].detail}"))
    for note in notes:
        console.print(Text(f"note: {note}"))
    counted = ", ".join(f"{len(posture.named(result))} {result.value}" for result in Result)
    console.print(Text(f"as uid {posture.uid}: {counted}"))


def _alike(checks: Iterable[Check]) -> dict[tuple[str, str], list[Check]]:
    """Return the checks by what they mean and how they are closed."""
    found: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        words = WORDS[check]
        found.setdefault((words.means, words.fix), []).append(check)
    return found
