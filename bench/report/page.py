"""docs/benchmarks.md: what stands between its marks is written from the results of a run, never by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from bench.figure import BUDGETS, Figure, shown, wanted
from bench.judging.comparison import SECTION as GUARDS
from bench.report.guards import guard_lines
from bench.report.results import figures_of
from bench.worker import ROOT

PAGE: Final = ROOT / "docs" / "benchmarks.md"
BEGIN: Final = "<!-- written by make bench: begin -->"
END: Final = "<!-- written by make bench: end -->"
_MET: Final = {True: "met", False: "**missed**", None: ""}


def write(results: dict[str, Any], plots: list[Path]) -> None:
    """Put the results on the page."""
    PAGE.write_text(with_results(PAGE.read_text("utf-8"), results, [plot.name for plot in plots]), "utf-8")


def with_results(page: str, results: dict[str, Any], plots: list[str]) -> str:
    """Return the page with the part between the marks made anew."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return head + "\n".join([BEGIN, "", *_lines(results, plots), "", END]) + tail


def _lines(results: dict[str, Any], plots: list[str]) -> Iterator[str]:
    yield from _setting(results)
    for plot in plots:
        title = plot.partition(".")[0]
        yield from ("", f"![{title}](benchmarks/{plot})")
    figures = figures_of(results)
    for section, rows in groupby(figures, lambda figure: figure.section):
        yield from ("", f"### {section}", "", "| figure | measured | goal | | note |", "|---|---:|---:|---|---|")
        yield from (_row(figure) for figure in rows)
        if section == GUARDS:
            yield from guard_lines(results["judging"]["guards"])
    yield from ("", "### What fails the run", "", "| budget | held | measured |", "|---|---|---:|")
    yield from (line for figure in figures for line in _budget(figure))


def _row(figure: Figure) -> str:
    cells = (figure.title, shown(figure.value, figure.unit), wanted(figure), _MET[figure.met], figure.note)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _budget(figure: Figure) -> Iterator[str]:
    budget = BUDGETS.get(figure.name)
    if budget:
        held = f"at most {budget['at_most']}" if "at_most" in budget else f"at least {budget['at_least']}"
        yield f"| {budget['what']} | {held} | {shown(figure.value, figure.unit)} |"


def _setting(results: dict[str, Any]) -> Iterator[str]:
    """Yield when, with what, on what, and on which bytes."""
    on = results["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in on["versions"].items())
    yield f"`make bench` on {results['when']}, {results['rounds']} rounds."
    yield f"{on['processor']}, {on['cores']} cores ({', '.join(on['instructions'])}), {on['memory']}; {on['system']};"
    yield f"Python {on['python']}; {versions}; {results['facts']['ours']['patterns']} patterns;"
    yield f"extension: {results['facts']['ours']['native'] or 'not built here'}."
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
