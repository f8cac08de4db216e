"""`safety backup`: copies of what the edge keeps, on its own disk."""

from __future__ import annotations

import time
from pathlib import Path

import click

from safety_core.cli.home import home_option
from safety_core.edge import clock
from safety_core.edge.backup import Backups
from safety_core.edge.home import Home
from safety_core.edge.restore import restore as restored


@click.group(short_help="Copy what the edge keeps, check the copies, and restore one.")
def backup() -> None:
    """Copy the vault (sealed as it is), the audit log, approvals, usage and the policy, while the edge runs.

    Keys are not copied: without them nobody reads a secret from a backup, you neither. Keep the folder `keys`
    elsewhere.

    To restore: stop the edge, move its folder away, `safety backup restore FOLDER --keys KEYS`, start it.
    """


@backup.command()
@home_option
def make(home: Home) -> None:
    """Make a backup; print its folder."""
    backups = Backups(home)
    made = backups.make(clock.now())
    click.echo(f"{backups.listed()[-1]}  {made.size} bytes")


@backup.command(name="list")
@home_option
def list_(home: Home) -> None:
    """List the backups, the newest last."""
    for folder in Backups(home).listed():
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        at = time.strftime("%Y-%m-%d %H:%M:%SZ", time.strptime(folder.name, "%Y%m%dT%H%M%SZ"))
        click.echo(f"{at}  {size} bytes  {folder}")


@backup.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@home_option
def check(folder: Path, home: Home) -> int:
    """Read every file of a backup again. Exit status 1 if one is missing or not what it was."""
    damage = Backups(home).damage(folder)
    for name in damage:
        click.echo(f"{name}: is missing, or not what it was")
    click.echo(f"{folder}: {'damaged' if damage else 'sound'}")
    return 1 if damage else 0


@backup.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--keys",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where vault.key and edge.key were kept.  [default: they are in their place]",
)
@home_option
def restore(folder: Path, keys: Path | None, home: Home) -> int:
    """Put a backup in the place of an empty folder. Stop the edge before.

    Questions and permissions that were open then are over: a call that has run since does not run again by a yes of
    before. Exit status 1 if the audit log does not hold, or the vault does not open.
    """
    made = restored(home, folder, keys)
    click.echo(f"restored what was made on {time.strftime('%Y-%m-%d %H:%M:%SZ', time.gmtime(made.at))}")
    click.echo(f"audit log: {made.entries} entries, {'; '.join(made.contradictions) or 'which hold'}")
    click.echo(f"questions and permissions that were open, and are over: {made.lapsed}")
    click.echo(f"vault: {made.vault or 'opens'}")
    click.echo("what happened since, the hub knows: safety audit verify --hub URL --tenant TENANT")
    return 1 if made.contradictions or made.vault else 0
