"""`python -m bench`: every figure in one run, as a table, as JSON and on docs/benchmarks.md."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

import click
from rich.console import Console

from bench.peers.install import PYTHON, install, install_all
from bench.report import page, results, table
from bench.report.machine import machine
from bench.report.progress import progress
from bench.run import in_order, with_section
from bench.section import Section
from bench.sections import SECTIONS, chosen
from bench.worker import ROOT

CONSOLE = Console(width=None if sys.stdout.isatty() else 160)


@click.command()
@click.option("--only", multiple=True, metavar="SECTION", help="Measure this alone; other figures stay as stored.")
@click.option("--sections", "listing", is_flag=True, help="Show what can be measured alone.")
@click.option("--page-only", is_flag=True, help="Measure nothing: write docs/benchmarks.md from the stored results.")
def main(only: tuple[str, ...], listing: bool, page_only: bool) -> None:
    """Measure, print, store; exit 1 if a figure is outside of its budget or could not be taken."""
    try:
        sections = chosen(only) if only else [*SECTIONS]
    except KeyError as error:
        raise click.UsageError(
            f"there is no section {error}. Fix: one of {', '.join(it.name for it in SECTIONS)}"
        ) from None
    if listing:
        table.show_sections(CONSOLE, SECTIONS)
        return
    if page_only:
        written(results.loaded(results.LATEST))
        return
    taken = measured(sections, install_first=not only)
    shown = {name for section in sections for name in taken["sections"][section.name]["figures"]}
    table.show(CONSOLE, [figure for figure in results.figures_of(taken) if figure.name in shown])
    table.show_times(CONSOLE, taken["sections"], [section.name for section in sections])
    written(taken)
    complaints = [*wrong(taken, shown, sections)]
    for line in complaints:
        CONSOLE.print(line, style="red", markup=False)
    sys.exit(1 if complaints else 0)


def measured(sections: Iterable[Section], *, install_first: bool) -> dict[str, Any]:
    """Measure these sections and store each as soon as it is done; return everything that is stored then."""
    taken = {**results.loaded(results.LATEST), "machine": machine()}
    began = time.perf_counter()
    with progress(CONSOLE) as bar:
        if install_first:
            bar.start("installing the peers")
            for name, reason in install_all().items():
                CONSOLE.print(f"{name} cannot be installed here: {reason}", style="yellow", markup=False)
            taken["installing"] = sum(seconds for _, seconds in bar.ended())
        for section in sections:
            CONSOLE.rule(f"{section.name}: {section.what}", align="left")
            taken = in_order(with_section(taken, section, bar), [it.name for it in SECTIONS])
            results.stored(taken, results.LATEST)
    if install_first:
        taken["whole"] = time.perf_counter() - began
        results.stored(taken, results.LATEST)
    return results.loaded(results.LATEST)


def wrong(taken: dict[str, Any], shown: set[str], sections: Iterable[Section]) -> Iterable[str]:
    """Yield each section that erred, and each figure of `shown` that is outside of its budget."""
    for section in sections:
        if error := taken["sections"][section.name].get("error"):
            yield f"not measured: {section.name}: {error}"
    for figure in results.figures_of(taken):
        if figure.name in shown and figure.broken:
            yield f"out of budget: {figure.broken}"


def written(taken: dict[str, Any]) -> None:
    """Draw the plots, where matplotlib can be installed, and write the page."""
    folder = page.PAGE.parent / "benchmarks"
    if reason := install("plots"):
        CONSOLE.print(f"no plots: {reason}")
    else:
        order = [str(PYTHON), "-m", "bench.report.plots", str(results.LATEST), str(folder)]
        if subprocess.run(order, cwd=ROOT, check=False).returncode:
            CONSOLE.print("no plots: they could not be drawn")
    page.write(taken, {path.name for path in folder.glob("*.svg")})


if __name__ == "__main__":
    main()
