"""A report for people: by file, each finding with its rule, the reason, and how to allow it. Never a value."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

import click

from safety_core.cli.scan.hit import Hit, Report
from safety_core.cli.scan.rules import Rule, RuleBook
from safety_core.model.severity import Severity

_COLOUR: Final = {
    Severity.CRITICAL: "bright_red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}
_INDENT: Final = " " * 4


def text_report(report: Report, rules: RuleBook, width: int) -> str:
    """Return the report for a terminal of `width` columns, with colours."""
    return "".join(f"{line}\n" for line in [*_lines(report, rules, width), *_notes(report)])


def summary(report: Report) -> str:
    """Return one line: what was found in how much, how fast, and what was left out."""
    found = _count(len(report.hits), "finding")
    if report.hits:
        found += f" in {_count(len({hit.path for hit in report.hits}), 'file')}"
    said = f"{found}; scanned {_count(report.files, 'file')}, {_bytes(report.size)}"
    if report.size > 100_000:
        said += f" at {report.megabytes_per_second:.0f} MB/s"
    if report.allowed:
        said += f"; {len(report.allowed)} allowed"
    if report.skipped:
        said += "; skipped " + ", ".join(f"{count} ({reason})" for reason, count in report.skipped.items())
    if report.refused:
        said += f"; could not look into {len(report.refused)}"
    return f"{said}."


def printable(text: str) -> str:
    """Return `text` without characters that a terminal would obey: file names are anybody's."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def fingerprint_lines(report: Report, rules: RuleBook) -> str:
    """Return a line for the allow-list per finding; a person still has to write the reason."""
    lines = [f"# {printable(hit.path)}:{hit.line}: {hit.rule}\n{allow_line(hit)}  #" for hit in report.hits]
    return "".join(f"{line}\n" for line in lines)


def allow_line(hit: Hit) -> str:
    """Return the beginning of a line for the allow-list: fingerprint and, where a glob can say it, file."""
    plain = hit.path.isprintable() and hit.path == hit.path.strip() and not {*hit.path} & {*"*?[]#"}
    return f"{hit.fingerprint}  {hit.path}" if plain else hit.fingerprint


def _lines(report: Report, rules: RuleBook, width: int) -> Iterator[str]:
    explained: set[str] = set()
    for path, hits in groupby(report.hits, key=lambda hit: hit.path):
        yield click.style(printable(path), bold=True)
        for hit in hits:
            rule = rules.of(hit.kind, hit.rule)
            yield from _finding(hit, rule, width, explained)
        yield ""
    if report.hits:
        yield from _wrapped(rules.fix.format(allow_list=report.allow_list), width, "")
        yield ""


def _finding(hit: Hit, rule: Rule, width: int, explained: set[str]) -> Iterator[str]:
    place = f"{hit.line}:{hit.column}"
    grave = click.style(f"{rule.severity.value:<8}", fg=_COLOUR[rule.severity])
    yield f"  {place:<8} {grave} {click.style(hit.rule, bold=True)} ({rule.kind.value})"
    why = "" if hit.rule in explained else rule.why
    explained.add(hit.rule)
    if hit.key or hit.what:
        yield from _wrapped(": ".join(filter(None, [printable(hit.key), hit.what])), width, _INDENT)
    yield from _wrapped(f"{rule.title}. {why}", width, _INDENT)
    yield f"{_INDENT}fingerprint {hit.fingerprint}"


def _notes(report: Report) -> Iterator[str]:
    for refused in report.refused:
        yield f"error: {printable(refused.path)}: {printable(refused.reason)}"
    for entry in report.unused:
        yield f"note: {report.allow_list}, line {entry.line}: stands for nothing any more. Fix: remove it"


def _wrapped(text: str, width: int, indent: str) -> Iterable[str]:
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"
