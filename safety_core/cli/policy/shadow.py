"""`safety policy shadow`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from safety_core.canonical import JsonObject
from safety_core.cli.policy.replay import tally_lines
from safety_core.cli.policy.screen import counted, say, weak
from safety_core.edge.home import Home
from safety_core.errors import InputError
from safety_core.flow.shadowed import ShadowReport, read_report

REPORT = "shadow.jsonl"
"""Name of the report in the edge's folder."""


@click.group(short_help="What a candidate would have said at the edge.")
def shadow() -> None:
    """See what a candidate policy would have said at the edge, where it judges and decides nothing.

    \b
    In the edge's settings:
        [shadow]
        bundle = "/etc/safety/candidate.tar.gz"

    The edge then puts every call to both policies. Only the one in force decides; where the candidate says otherwise, a
    line is written to shadow.jsonl in the edge's folder. Make a candidate with `safety policy build`; it need not be
    signed, for nothing is enforced by it.
    """


@shadow.command("report")
@click.option(
    "--home", type=click.Path(file_okay=False, path_type=Path), help="The edge's folder. [default: $SAFETY_HOME]"
)
@click.option("--candidate", default="", metavar="REVISION", help="Only what this candidate said.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
def shadow_report(home: Path | None, candidate: str, *, as_json: bool, file: Path | None) -> int:
    """Sum up what candidates said otherwise than the policy in force. Counts by outcome, by level and by rule.

    FILE is a report of the edge, by default shadow.jsonl in its folder. Exit status 1 if any call would have met
    another outcome.
    """
    path = file or (home or Home.default().path) / REPORT
    try:
        with path.open("rb") as lines:
            report = read_report(lines, candidate)
    except OSError as error:
        fix = "set [shadow] bundle in the edge's settings, and let some calls pass"
        raise InputError(str(path), f"cannot be read ({error.strerror})", fix) from error
    if report.unreadable and not (report.tally.calls or report.passed_over or report.troubles):
        raise InputError(str(path), "holds no line of a report", f"name the {REPORT} of an edge's folder")
    if as_json:
        click.echo(json.dumps(_document(report), ensure_ascii=False))
    else:
        for line in _lines(report):
            say(line)
    return 1 if report.tally.stricter or report.tally.looser else 0


def _lines(report: ShadowReport) -> Iterator[str]:
    names = ", ".join(report.candidates) or "none"
    yield f"{counted(report.tally.calls, 'call')} judged by the policy in force and by the candidate ({names})"
    if report.passed_over:
        yield weak(f"{counted(report.passed_over, 'call')} passed over: the candidate was behind")
    for reason, count in report.troubles.most_common(5):
        yield f"trouble: {reason}" + (f" ({count} times)" if count > 1 else "")
    if report.unreadable:
        yield weak(f"{counted(report.unreadable, 'line')} could not be read")
    yield from tally_lines(report.tally)


def _document(report: ShadowReport) -> JsonObject:
    return {
        "candidates": {**report.candidates},
        **report.tally.to_json(),
        "passed_over": report.passed_over,
        "troubles": {**report.troubles},
        "unreadable": report.unreadable,
    }
