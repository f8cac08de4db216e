"""`safety secret file`: a path from which a value can be read once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from safety_core.cli.home import home_option, record
from safety_core.cli.secret.duration import Duration
from safety_core.cli.secret.opening import entry_of, opened
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.edge.one_time import hand_out
from safety_core.errors import ExpiredSecretError
from safety_core.model.record import Event
from safety_core.model.secret import Use, secret_name
from safety_core.model.terms import day
from safety_core.model.tool_call import AgentId


@click.command()
@click.argument("name")
@click.option("--within", type=Duration(), default="60s", show_default=True, help="How long it may be read.")
@click.option("--plain", is_flag=True, help="An ordinary file instead of a pipe, for programs that need one.")
@home_option
def file(name: str, within: float, plain: bool, home: Home) -> int:
    """Print a path from which NAME's value can be read once. Waits for that: for provisioning, where a program
    wants a file. Exit status 0 once it was read, 1 if nobody came.

    It is a named pipe (0600) in a folder of your own (0700) in memory: nothing is ever written to a disk, and it is
    gone as soon as somebody opens it. With --plain it is an ordinary file on a tmpfs, gone as soon as it is opened.
    A program that opens its file twice gets it with neither.

    \b
    safety secret file registry_password > path & sleep 1
    docker login --username ci --password-stdin < "$(cat path)"
    """
    checked = secret_name(name)
    with opened(home) as vault:
        entry, now = entry_of(vault, checked), clock.now()
        if entry.terms.expires is not None and now >= entry.terms.expires:
            reason = f"expired on {day(entry.terms.expires)}"
            raise ExpiredSecretError(f"secret {checked}", reason, f"safety secret rotate {checked}")
        asyncio.run(record(home, Event.SECRET, checked, "file"))
        value = vault.hand(checked, Use(AgentId("command line"), "file", ""), now)
    read = hand_out(value, checked, within, _tell, plain=plain)
    click.echo(f"{checked} was {'read' if read else 'not read'}", err=True)
    return 0 if read else 1


def _tell(path: Path) -> None:
    click.echo(str(path))
