"""`safety policy check`."""

from __future__ import annotations

from pathlib import Path

import click

from safety_core.cli.policy.seam import policies_option, proved, sources_of


@click.command(short_help="Is every source right, and every golden vector the same?")
@policies_option
def check(policies: Path | None) -> None:
    """Compile the sources, try the samples of their patterns, and prove their golden vectors.

    What is wrong is named as file:line, with the reason and the fix. Run it before every commit: what it passes, every
    edge takes up.
    """
    files, bundle = proved(sources_of(policies))
    prices = sum(len(table.models) for table in bundle.policy.prices.tables.values())
    click.echo(
        f"ok: revision {bundle.revision}, {len(bundle.guards)} rules, {len(bundle.policy.floors)} floors, "
        f"{len(bundle.policy.patterns)} patterns, {len(bundle.golden)} golden vectors, "
        f"{prices} prices, {len(files)} files"
    )
