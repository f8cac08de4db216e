"""`safety hub backup` and `safety hub restore`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import click

from hub.backup.making import make
from hub.backup.restoring import restore as restored
from hub.command.running import run, settings_of


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--with-keys", is_flag=True, help="Add the hub's own keys: whoever has the file can then sign as this hub."
)
@click.pass_context
def backup(context: click.Context, file: Path, with_keys: bool) -> None:
    """Write database and repositories to one FILE. The hub may serve meanwhile.

    It can be restored on SQLite and on PostgreSQL, whichever it came from.
    """
    manifest = run(settings_of(context), lambda hub: make(hub, file, with_keys=with_keys))
    click.echo(f"{file}: {len(manifest.columns)} tables, {len(manifest.digests)} members, {file.stat().st_size} bytes")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Remove what is there.")
@click.pass_context
def restore(context: click.Context, file: Path, force: bool) -> None:
    """Verify FILE and put it in place of an empty database. Stop the hub before.

    Edges go on by themselves: where the hub knows less than they do, they are told anew from the start.
    """
    settings = settings_of(context)
    manifest = asyncio.run(restored(settings, file, force=force))
    made = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(manifest.made))
    click.echo(f"restored what was made on {made}")
    if not (settings.data / "keys").is_dir():
        click.echo("the backup holds no keys: put those of the old hub into " + str(settings.data / "keys"))
