"""`safety policy renew`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from safety_core.cli.hub import hub_option, read_token, token_option
from safety_core.cli.policy.publish import TOKEN
from safety_core.cli.policy.release import settle
from safety_core.cli.policy.root import reminder
from safety_core.cli.policy.screen import counted, say
from safety_core.cli.policy.seam import FOLDER, keys_option
from safety_core.cli.policy.shipping import Author, Line, complete
from safety_core.edge.publish import upload
from safety_core.edge.publisher import PublisherClient
from safety_core.errors import InputError, RefusedError, SafetyError, UnavailableError
from safety_core.wire.signed import TENANT


@click.command(short_help="Sign a new timestamp for every tenant; due twice a day.")
@keys_option
@click.option(
    "--repositories", type=FOLDER, required=True, help="The publisher's own copies, a folder for each tenant."
)
@hub_option
@token_option(TOKEN, "safety hub publisher add-for-all")
def renew(keys: Path, repositories: Path, hub: str, token_file: Path | None) -> int:
    """Sign a new timestamp for what is in force at each tenant, and send it to the hub.

    \b
    safety policy renew --keys KEYS --repositories DIR --hub URL

    What a release has put in place in the meantime is taken over first. What waits in a release is renewed by
    `safety policy release --continue`. Exit status 1 if any tenant could not be served.
    """
    names = tuple(sorted(path.name for path in repositories.iterdir() if TENANT.fullmatch(path.name)))
    if not names:
        raise InputError(str(repositories), "holds no tenant's repository", "safety policy release makes them")
    token, failed, ends = read_token(token_file, TOKEN), 0, set[str]()
    with PublisherClient(hub, token) as client:
        settle(client, repositories, names)
    for name in names:
        line = Line(repositories / name, name)
        if not line.released():
            continue
        try:
            files = complete(line, line.renew(Author(keys)))
            ends.add(reminder(files))
            asyncio.run(upload(hub, name, token, files))
        except SafetyError as error:
            if isinstance(error, UnavailableError) and not isinstance(error, RefusedError):
                raise
            failed += 1
            click.echo(f"{name}: {error}", err=True)
    for text in sorted(ends - {""}):
        click.echo(text, err=True)
    say(f"{counted(len(names) - failed, 'tenant')} renewed")
    return 1 if failed else 0
