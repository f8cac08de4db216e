"""Who may use a secret, and until when."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import click

from safety_core.cli.home import home_option, record
from safety_core.cli.secret.duration import NEVER, Duration
from safety_core.cli.secret.opening import opened
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.errors import InputError
from safety_core.model.record import Event
from safety_core.model.secret import secret_name
from safety_core.model.terms import Terms, day


@click.command()
@click.argument("name")
@click.option("--agent", "agents", multiple=True, help="An agent that may use it; may be given again.")
@click.option("--tool", "tools", multiple=True, help="A tool whose calls may use it, by its canonical name (exec).")
@click.option("--any-agent", is_flag=True, help="Every agent that the policy lets.")
@click.option("--any-tool", is_flag=True, help="Every tool.")
@home_option
def allow(
    name: str, agents: tuple[str, ...], tools: tuple[str, ...], any_agent: bool, any_tool: bool, home: Home
) -> None:
    """Say which agents and tools may use NAME: these alone. What is not given stays as it is.

    The signed policy's `secrets:` of an agent must permit it as well. A prompt that is sent with a provider's key is
    a use by the tool "prompt". The list is sealed with the value: who edits the file gets nothing.

    \b
    safety secret allow shop_key --agent main --tool http_request
    safety secret allow shop_key --any-agent
    """
    if (agents and any_agent) or (tools and any_tool):
        raise InputError("safety secret allow", "is given a list and every one at once", "give one of the two")
    if not (agents or tools or any_agent or any_tool):
        raise InputError("safety secret allow", "is given nobody", "give --agent, --tool, --any-agent or --any-tool")

    def change(terms: Terms) -> Terms:
        return replace(
            terms,
            agents=None if any_agent else frozenset(agents) or terms.agents,
            tools=None if any_tool else frozenset(tools) or terms.tools,
        )

    checked = secret_name(name)
    with opened(home) as vault:
        asyncio.run(record(home, Event.SECRET, checked, "allow"))
        terms = vault.change_terms(checked, change)
    for word, names in (("agents", terms.agents), ("tools", terms.tools)):
        click.echo(f"{word}: {'any' if names is None else ', '.join(sorted(names))}")


@click.command()
@click.argument("name")
@click.argument("after", type=Duration(endless=True))
@home_option
def expire(name: str, after: float, home: Home) -> None:
    """Let the value of NAME end AFTER so long (90d, 12h), or never.

    `safety status` tells two weeks before; after the end every use is refused, until `safety secret rotate`. Values
    that follow last as long. An expired value is still looked for.
    """
    checked = secret_name(name)
    seconds = None if after == NEVER else after
    with opened(home) as vault:
        asyncio.run(record(home, Event.SECRET, checked, "expire"))
        terms = vault.change_terms(checked, lambda terms: terms.lasting(seconds, clock.now()))
    click.echo("never ends" if terms.expires is None else f"ends on {day(terms.expires)}")
