"""What was found, as a table for people: what is open first, with what it means and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from safety_core.cli.doctor.trial import Trial
from safety_core.cli.doctor.words import WORDS
from safety_core.wire.posture import Check, Posture, Result

_COLOURS = {Result.OPEN: "red", Result.UNKNOWN: "yellow", Result.BLOCKED: "green"}


def show(posture: Posture, trials: Mapping[Check, Trial], notes: Sequence[str], console: Console) -> None:
    """Print the table, what to do about what is open, and what has to be known about how it was tried."""
    table = Table("check", "result", "tried", "in detail")
    for result in (Result.OPEN, Result.UNKNOWN, Result.BLOCKED):
        for check in posture.named(result):
            row = (check.value, Text(result.value, style=_COLOURS[result]), WORDS[check].tried)
            table.add_row(*row, Text(trials[check].detail))
    console.print(table)
    for check in posture.named(Result.OPEN):
        words = WORDS[check]
        console.print(Text.assemble((check.value, "red"), f": {words.means}. Fix: {words.fix}"))
    for note in notes:
        console.print(Text(f"note: {note}"))
    counted = ", ".join(f"{len(posture.named(result))} {result.value}" for result in Result)
    console.print(Text(f"as uid {posture.uid}: {counted}"))
