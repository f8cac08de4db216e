"""A report, in the form and at the place in which it is wanted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click

from safety_core.cli.scan.hit import Report
from safety_core.cli.scan.report_json import json_lines, json_report
from safety_core.cli.scan.report_sarif import sarif_report
from safety_core.cli.scan.report_text import fingerprint_lines, summary, text_report
from safety_core.cli.scan.rules import RuleBook

_WIDEST: Final = 110
"""Columns; longer lines are hard to read."""

FORMATS: Final[Mapping[str, Callable[[Report, RuleBook], str]]] = {
    "text": lambda report, rules: text_report(report, rules, width()),
    "json": json_report,
    "jsonl": json_lines,
    "sarif": sarif_report,
    "fingerprints": fingerprint_lines,
}


def tell(report: Report, rules: RuleBook, form: str, output: Path | None, *, quiet: bool) -> None:
    """Write a report to where it is wanted, and a line that sums up: after it where it is for people on the screen,
    else on standard error. `form`: one of `FORMATS`."""
    told = FORMATS[form](report, rules)
    if output:
        output.write_text(click.unstyle(told), "utf-8")
    else:
        click.echo(told, nl=False, color=False if "NO_COLOR" in os.environ else None)
    if not quiet:
        click.echo(summary(report), err=bool(output) or form != "text")


def width() -> int:
    """Return the columns of the terminal, up to what can be read well."""
    return min(shutil.get_terminal_size().columns, _WIDEST)
