"""docs/benchmarks.md: what stands between its marks is written from the results of a run, never by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from bench.egress.speed import SECTION as PROXIES
from bench.figure import BUDGETS, Figure, shown, wanted
from bench.judging.comparison import SECTION as GUARDS
from bench.judging.latency import SECTION as RULES
from bench.known import SECTION as KNOWN
from bench.peers.install import APART, SHARED, package
from bench.redact import CLEAN
from bench.report.guards import guard_lines
from bench.report.known import known_lines
from bench.report.results import figures_of
from bench.report.summary import picture_lines, summary_lines
from bench.report.table import longest
from bench.worker import ROOT
from tools.docs.marks import between

PAGE: Final = ROOT / "docs" / "benchmarks.md"
SUMMARY: Final = "in short, written by make bench"
FIGURES: Final = "written by make bench"
_MET: Final = {True: "met", False: "**missed**", None: ""}
_PICTURES: Final = {CLEAN: "sizes.svg", RULES: "rules.svg", PROXIES: "egress.svg"}


def write(results: dict[str, Any], plots: set[str]) -> None:
    """Put the results on the page."""
    PAGE.write_text(with_results(PAGE.read_text("utf-8"), results, plots), "utf-8")


def with_results(page: str, results: dict[str, Any], plots: set[str]) -> str:
    """Return the page with the parts between the marks made anew."""
    short = between(page, SUMMARY, "\n".join(summary_lines(results, plots)))
    return between(short, FIGURES, "\n".join(_lines(results, plots)))


def _lines(results: dict[str, Any], plots: set[str]) -> Iterator[str]:
    yield from _setting(results)
    figures = figures_of(results)
    for title, rows in groupby(figures, lambda figure: figure.section):
        named = [*rows]
        yield from ("", f"### {title}", "", _alone(results["sections"], named), "")
        yield from ("| figure | measured | goal | | note |", "|---|---:|---:|---|---|")
        yield from (_row(figure) for figure in named)
        yield from _more(title, results)
        yield from picture_lines(plots, (_PICTURES.get(title, ""),))
    yield from _times(results)
    yield from ("", "### What fails the run", "", "| budget | held | measured |", "|---|---|---:|")
    yield from (line for figure in figures for line in _budget(figure))


def _more(title: str, results: dict[str, Any]) -> Iterator[str]:
    """Yield the table that belongs to a title beside its figures."""
    if title == GUARDS:
        yield from guard_lines(results.get("guards", []))
    if title == KNOWN:
        yield from known_lines(results.get("known", []))


def _alone(records: dict[str, Any], figures: list[Figure]) -> str:
    """Return how to measure these figures alone."""
    names = {figure.name for figure in figures}
    sections = [name for name, record in records.items() if names & {*record["figures"]}]
    return f"Alone: {', '.join(f'`.venv/bin/python -m bench --only {name}`' for name in sections)}."


def _row(figure: Figure) -> str:
    cells = (figure.title, shown(figure.value, figure.unit), wanted(figure), _MET[figure.met], figure.note)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _budget(figure: Figure) -> Iterator[str]:
    budget = BUDGETS.get(figure.name)
    if budget:
        held = f"at most {budget['at_most']}" if "at_most" in budget else f"at least {budget['at_least']}"
        yield f"| {budget['what']} | {held} | {shown(figure.value, figure.unit)} |"


def _times(results: dict[str, Any]) -> Iterator[str]:
    """Yield how long each section took, on which day and on how busy a machine, and which could not be measured."""
    records = results["sections"]
    whole = results.get("whole")
    yield from ("", "### How long it took", "")
    if whole:
        installing = results["installing"]
        yield f"The last whole run took {whole / 60:.1f} minutes, of which installing the peers {installing:.0f} s."
    yield "`load` is what the machine had to do when the section began (processes, mean of the last minute): on a busy"
    yield from ("one, clock times are longer, CPU times a little, ratios hardly.", "")
    yield from ("| section | measured on | load | seconds | longest steps |", "|---|---|---:|---:|---|")
    for name, record in records.items():
        took = f"{record['load']:.1f} | {record['seconds']:.0f}" if "load" in record else " | "
        yield f"| {name} | {record['when']} | {took} | {longest(record.get('steps', []))} |"
    yield ""
    errors = {name: record["error"] for name, record in records.items() if record.get("error")}
    yield from (f"- {name} could not be measured in the last run: {error}" for name, error in errors.items())


def _setting(results: dict[str, Any]) -> Iterator[str]:
    """Yield with what, on what, and on which bytes."""
    on = results["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in {**on["versions"], **on.get("programs", {})}.items())
    yield f"{on['processor']}, {on['cores']} cores ({', '.join(on['instructions'])}), {on['memory']}; {on['system']};"
    yield f"Python {on['python']}; {versions}; {results['facts']['ours']['patterns']} patterns;"
    yield f"extension: {results['facts']['ours']['native'] or 'not built here'}."
    peers = sorted({package(name).partition(":")[0].partition(",")[0] for name in (*SHARED[2:], *APART)})
    yield f"Peers: {', '.join(peers)}."
    yield from (
        "",
        "| body | bytes | ASCII | " + " | ".join(_kinds(results)) + " |",
        "|---|" + "---:|" * (2 + len(_kinds(results))),
    )
    for name, body in results["bodies"].items():
        shares = " | ".join(f"{body.get(kind, 0):.0%}" for kind in _kinds(results))
        yield f"| {name} | {body['bytes']:,} | {body['ascii']:.0%} | {shares} |"


def _kinds(results: dict[str, Any]) -> list[str]:
    return sorted(results["bodies"]["1m"].keys() - {"bytes", "ascii"})
