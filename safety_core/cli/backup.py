"""`safety backup`: copies of what the edge keeps, on its own disk."""

from __future__ import annotations

import time
from pathlib import Path

import click

from safety_core.cli.home import named_option, there_option
from safety_core.edge import clock
from safety_core.edge.backup import MANIFEST, Backups
from safety_core.edge.backup_seal import check_seal
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key
from safety_core.edge.restore import restore as restored
from safety_core.errors import InputError


@click.group(short_help="Copy what the edge keeps, check the copies, and restore one.")
def backup() -> None:
    """Copy the vault (sealed as it is), the audit log, approvals, usage and the policy, while the edge runs.

    Keys are not copied: without them nobody reads a secret from a backup, you neither. Keep the folder `keys`
    elsewhere.

    To restore: stop the edge, move its folder away, `safety backup restore FOLDER --keys KEYS`, start it.
    """


@backup.command()
@there_option
def make(home: Home) -> None:
    """Make a backup; print its folder."""
    if not any(path.exists() for path in (home.vault, home.audit, home.edge_db)):
        fix = "name the edge's folder with --home or SAFETY_HOME"
        raise InputError(str(home.path), "holds nothing of an edge yet", fix)
    backups = Backups(home)
    made = backups.make(clock.now())
    click.echo(f"{backups.listed()[-1]}  {made.size} bytes")


@backup.command(name="list")
@there_option
def list_(home: Home) -> None:
    """List the backups, the newest last."""
    for folder in Backups(home).listed():
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        at = time.strftime("%Y-%m-%d %H:%M:%SZ", time.strptime(folder.name, "%Y%m%dT%H%M%SZ"))
        click.echo(f"{at}  {size} bytes  {folder}")


@backup.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@named_option
def check(folder: Path, home: Home) -> int:
    """Read every file of a backup again.

    Exit status 1 if one is missing or not what it was, or if this edge's key (keys/edge.key) did not sign the backup.
    """
    backups = Backups(home)
    damage = backups.damage(folder)
    for name in damage:
        click.echo(f"{name}: is missing, or not what it was")
    if damage:
        click.echo(f"{folder}: damaged")
        return 1
    if not home.edge_key.exists():
        click.echo(f"{folder}: sound; who made it nobody can tell: {home.edge_key} is not there")
        return 0
    check_seal(folder / MANIFEST, edge_key(home).verify_key)
    click.echo(f"{folder}: sound, and signed by this edge")
    return 0


@backup.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--keys",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where vault.key and edge.key were kept.  [default: they are in their place]",
)
@click.option(
    "--unsigned",
    is_flag=True,
    help="Take it whoever made it: the edge's key is lost, or an earlier version made it, which signed none.",
)
@named_option
def restore(folder: Path, keys: Path | None, unsigned: bool, home: Home) -> int:
    """Put a backup in the place of an empty folder. Stop the edge before.

    It must be signed by this edge's key. Questions and permissions that were open then are over, and outward grants of
    before now: a call that has run since does not run again by a yes of before. Exit status 1 if the audit log does not
    hold, or the vault does not open.
    """
    made = restored(home, folder, keys, unsigned=unsigned)
    click.echo(f"restored what was made on {time.strftime('%Y-%m-%d %H:%M:%SZ', time.gmtime(made.at))}")
    click.echo(f"audit log: {made.entries} entries, {'; '.join(made.contradictions) or 'which hold'}")
    click.echo(f"questions and permissions that were open, and are over: {made.lapsed}")
    click.echo("outward grants of before now count for nothing; budgets know what was used up until then")
    click.echo(f"vault: {made.vault or 'opens'}")
    click.echo("what happened since, the hub knows: safety audit verify --hub URL --tenant TENANT")
    return 1 if made.contradictions or made.vault else 0
