"""`safety secret log`: who was given a secret, for what."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from safety_core.cli.home import home_option
from safety_core.cli.secret.opening import entry_of, opened
from safety_core.edge.home import Home
from safety_core.edge.vault.uses import KEPT_USES
from safety_core.model.secret import secret_name
from safety_core.model.terms import day


@click.command()
@click.argument("name")
@click.option("-n", "last", default=20, show_default=True, type=click.IntRange(1, KEPT_USES), help="Uses.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@home_option
def log(name: str, last: int, as_json: bool, home: Home) -> None:
    """Show the newest uses of NAME, and never a value. Tells when, which version, which agent, tool and call.

    500 of each secret are kept. Prompts that are sent with a provider's key are told once a minute for each agent.
    """
    checked = secret_name(name)
    with opened(home) as vault:
        found = vault.uses(checked, last)
        if not found:
            entry_of(vault, checked)
    for use in found:
        if as_json:
            click.echo(json.dumps(asdict(use)))
        else:
            click.echo(f"{day(use.at)}  version {use.version}  {use.agent}  {use.tool}  {use.call}")
    if not found and not as_json:
        click.echo(f"{checked} has not been used", err=True)
