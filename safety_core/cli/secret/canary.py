"""`safety secret canary`: a made-up secret that rings wherever it is seen."""

from __future__ import annotations

import asyncio
import secrets

import click

from safety_core.cli.home import home_option, record
from safety_core.cli.secret.canary_value import KINDS
from safety_core.cli.secret.opening import opened
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.errors import SecretError
from safety_core.model.record import Event
from safety_core.model.secret import SecretValue, new_secret_name
from safety_core.model.terms import Terms


@click.command()
@click.argument("name")
@click.option("--kind", type=click.Choice([*KINDS]), default="token", show_default=True, help="The shape of the value.")
@home_option
def canary(name: str, kind: str, home: Home) -> None:
    """Make up a value that nobody may ever use, kept as NAME. Prints it, for you to leave where nobody should
    look: a credentials file, an old .env, a page of the wiki.

    When the edge sees it anywhere (a call, a result, a prompt, a response, a request on its way out), it is taken out
    as every secret is, a call that shows it is refused, and the alarm rings: in the audit log (event "canary"), in
    `safety status`, and at the hub. No agent is told of it before it uses or shows it.

    \b
    safety secret canary old_backup_key --kind aws >> ~/.aws/credentials.bak
    """
    checked = new_secret_name(name)
    value = KINDS[kind](lambda alphabet, count: "".join(secrets.choice(alphabet) for _ in range(count)))
    with opened(home) as vault:
        if checked in vault.names():
            raise SecretError(f"secret {checked}", "is there already", "take another name")
        asyncio.run(record(home, Event.SECRET, checked, "canary"))
        vault.put(checked, SecretValue(value), now=clock.now(), terms=Terms(canary=kind))
    click.echo(f"{checked} rings from now on, wherever this is seen:", err=True)
    click.echo(value)
