"""`safety contain`: print, install, look at and remove the firewall by which only the edge's user leaves the host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safety_core.cli.contain import nft
from safety_core.cli.contain.boot import UNIT, Boot
from safety_core.cli.contain.ca import ca
from safety_core.cli.contain.options import wish_options
from safety_core.cli.contain.rules import REFUSALS, TABLE, Containment, ruleset
from safety_core.errors import InputError, UnavailableError

_root: Final = click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("/"),
    help="Write the files below this folder, as for an image; systemd is not told.  [default: /]",
)
_yes: Final = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group(short_help="Let nobody but the edge leave this machine.")
def contain() -> None:
    """Let nobody but the edge leave this machine: a firewall (nftables) by user.

    \b
    safety contain print --edge-user safety --agent-user agent
    sudo safety contain install --edge-user safety --agent-user agent
    sudo safety doctor --as agent

    What came in (ssh) is always answered. `safety doctor` proves from inside what holds.
    """


contain.add_command(ca)


@contain.command("print")
@wish_options
def print_(wish: Containment) -> None:
    """Print the rules, for `nft -f`. Changes nothing, and needs no root."""
    click.echo(ruleset(wish), nl=False)


@contain.command()
@_root
@_yes
@wish_options
def install(wish: Containment, root: Path, yes: bool) -> None:
    """Load the rules, at once and at every boot. Says what it will do, and asks."""
    _demand_root()
    boot, text = Boot(root.absolute()), ruleset(wish)
    nft.check(text)
    _tell(wish, boot)
    if not yes:
        click.confirm("Do it?", abort=True)
    boot.write(text)
    nft.load(text)
    if nft.in_force() != nft.spelt(text):
        raise UnavailableError("rules", "are not in force as they were loaded", "does another program change them?")
    click.echo(f"in force: table inet {TABLE}")
    if boot.enable():
        click.echo(f"loaded at every boot: {UNIT}")
    else:
        click.echo(f"no systemd was told: have `nft -f {boot.rules}` run at boot, before the network")
    names = [agent.name for agent in wish.agents]
    click.echo(f"prove it: safety doctor --as {names[0] if names else 'USER'}")


def _tell(wish: Containment, boot: Boot) -> None:
    """Say what will be done."""
    held = ", ".join(f"{agent.name} (uid {', '.join(agent.ranges())})" for agent in wish.agents)
    click.echo(f"{wish.edge[0].name} (uid {wish.edge[0].uid}) may leave this machine.")
    if held:
        click.echo(f"Connections of {held} to the outside are refused, counted and noted, name lookups included.")
    if wish.everyone:
        click.echo(f"So are those of every other user, root too, but for: {_spelt_needs(wish)}.")
    for allowed in wish.allow:
        click.echo(f"Allowed all the same: TCP port {allowed.port} of {allowed.network}.")
    ports = ", ".join(map(str, sorted(wish.loopback)))
    click.echo(f"On this machine they reach {'ports ' + ports if ports else 'every service but name servers'}.")
    if wish.bridges:
        click.echo(f"What containers behind {' '.join(wish.bridges)} send past this machine is refused.")
    click.echo("Connections that came in (ssh) go on; those that agents have open to the outside end.")
    click.echo(f"Files: {boot.rules}, {boot.unit}")


def _spelt_needs(wish: Containment) -> str:
    told = [
        f"{need.value}{' of ' + ', '.join(one.name for one in people) if people else ''}" for need, people in wish.needs
    ]
    return "; ".join(told) or "neighbour discovery"


@contain.command()
@_root
def status(root: Path) -> int:
    """Show whether the rules are in force, and what they have refused.

    Exit status 1 if they are not, or not as they were installed.
    """
    boot, live = Boot(root.absolute()), nft.in_force()
    wanted = boot.text()
    if live is None:
        click.echo("not in force: nothing keeps an agent on this machine. Fix: safety contain install")
        return 1
    drift = "were not installed (no file is loaded at boot)" if wanted is None else ""
    if wanted is not None and nft.spelt(wanted) != live:
        drift = f"differ from {boot.rules}. Fix: nft -f {boot.rules}, or safety contain install"
    click.echo(f"in force, but the rules {drift}" if drift else "in force, as installed")
    told = {refusal.name: refusal.what for refusal in REFUSALS}
    table = Table("refused", "packets", "what")
    for count in nft.counts():
        table.add_row(count.name, str(count.packets), Text(told.get(count.name, "")))
    Console().print(table)
    return 1 if drift else 0


@contain.command()
@_root
@_yes
def remove(root: Path, yes: bool) -> None:
    """Take the rules away, now and at boot. Every user may leave this machine again."""
    _demand_root()
    boot = Boot(root.absolute())
    click.echo(f"table inet {TABLE} is deleted, and {boot.rules} and {boot.unit} are removed: everybody may leave.")
    if not yes:
        click.confirm("Do it?", abort=True)
    boot.remove()
    nft.unload()
    click.echo("removed")


def _demand_root() -> None:
    if os.geteuid() != 0:
        raise InputError("safety contain", "needs root: a firewall belongs to the machine", "run it with sudo")
