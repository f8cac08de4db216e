"""`safety policy keys`."""

from __future__ import annotations

from pathlib import Path

import click

from safety_core.bundle.roles import Keys, make_root
from safety_core.bundle.sign import new_private_pem
from safety_core.cli.policy.seam import FOLDER
from safety_core.edge import clock
from safety_core.edge.files import replace_file
from safety_core.edge.signing_keys import ROOT, make_keys, read_signers
from safety_core.errors import InputError


@click.command(short_help="Once: draw the publisher's keys.")
@click.argument("folder", type=FOLDER)
@click.option(
    "--root", type=click.IntRange(1), default=3, show_default=True, help="Root keys; keep them apart, and offline."
)
@click.option("--root-threshold", default=2, show_default=True, help="How many of them must sign a new root.")
@click.option("--targets", type=click.IntRange(1), default=3, show_default=True, help="Keys that release policy.")
@click.option("--targets-threshold", default=2, show_default=True, help="How many of them must sign a release.")
def keys(folder: Path, root: int, root_threshold: int, targets: int, targets_threshold: int) -> None:
    """Draw the publisher's keys into a new FOLDER (0700), with the root document that edges pin."""
    numbers = {"root": root, "targets": targets, "snapshot": 1, "timestamp": 1}
    thresholds = {**numbers, "root": root_threshold, "targets": targets_threshold}
    for role, needed in thresholds.items():
        if not 1 <= needed <= numbers[role]:
            raise InputError(
                f"--{role}-threshold", f"must lie in 1 to {numbers[role]}", f"give more with --{role}, or ask for fewer"
            )
    make_keys(folder, numbers, new_private_pem())
    roles = {role: Keys(signers, thresholds[role]) for role, signers in read_signers(folder).items()}
    replace_file(folder / ROOT, make_root(roles, version=1, now=clock.now()))
    click.echo(f"{folder / ROOT}: pin this file at every edge; it says who may sign policy")
