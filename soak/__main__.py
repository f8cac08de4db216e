"""`make soak`: hurt a fleet at work for so long, and have a reader of its own check what must hold."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import click

from soak.fleet import python
from soak.running import Plan, run
from soak.summary import as_table, summed_up
from tools.docs.marks import between

APART: Final = "SOAK_APART"
"""Set in the environment of the process that has mounts of its own."""
TRIALS: Final = 4
"""Broken copies at each such fault of a long soak."""


@click.command()
@click.option("--minutes", type=float, default=30.0, show_default=True, help="Of faults; 0: each kind once.")
@click.option("--seed", type=int, help="Repeats the choices of another soak; left out: a new one, which is printed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--keep", type=click.Path(path_type=Path), help="Leave the evidence in this folder, which must be new.")
@click.option("--page", type=click.Path(path_type=Path, exists=True), help="Put the table between the marks of a page.")
def main(minutes: float, seed: int | None, as_json: bool, keep: Path | None, page: Path | None) -> None:
    """Exit status 1 where the reader finds something, or acts stay without an end."""
    if APART not in os.environ:
        _apart()
    plan = Plan(secrets.randbelow(10**6) if seed is None else seed, minutes * 60, TRIALS if minutes > 5 else 1)
    if not as_json:
        click.echo(f"seed {plan.seed}", err=True)
    with tempfile.TemporaryDirectory(prefix="soak", dir="/tmp") as name:  # short: it holds a Unix socket
        try:
            done = run(plan, Path(name), _Progress(plan, as_json))
        finally:
            if keep is not None:
                shutil.copytree(name, keep)
        report = _read(Path(name))
        found = summed_up(plan, done, Path(name), report)
    if page is not None:
        page.write_text(between(page.read_text(), "soak", as_table(found)))
    click.echo(json.dumps(found) if as_json else as_table(found))
    for finding in report["findings"]:
        click.echo(f"{finding['about']}: {finding['what']}", err=True)
    well = not report["findings"] and done.load["settled"] and not done.load["open"] and not done.load["failed"]
    sys.exit(0 if well else 1)


class _Progress:
    """Says once a minute how far it is."""

    def __init__(self, plan: Plan, silent: bool) -> None:
        self._whole, self._silent = plan.seconds, silent
        self._next = 60.0

    def __call__(self, faults: int, seconds: float) -> None:
        if not self._silent and seconds >= self._next:
            self._next = seconds + 60 - seconds % 60
            click.echo(f"{seconds / 60:.0f} of {max(self._whole, seconds) / 60:.0f} minutes, {faults} faults", err=True)


def _apart() -> None:
    """Start anew with mounts of our own, which end with us."""
    rights = ["--map-root-user"] if os.geteuid() else []
    order = ["unshare", "--mount", *rights, "--propagation", "private", *python("soak", *sys.argv[1:])]
    os.execvpe(order[0], order, {**os.environ, APART: "1"})


def _read(folder: Path) -> dict[str, Any]:
    done = subprocess.run(python("soak.reader", str(folder), "--json"), stdout=subprocess.PIPE, check=False)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


if __name__ == "__main__":
    main()
