"""`safety mcp`: the command."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from safety_core.cli.edge_socket import socket_option

WAIT: Final = 45.0
"""Seconds for a person's answer: many clients give a call a minute."""


@click.command(short_help="Serve what the edge can do to any MCP client.")
@click.option("--agent", required=True, metavar="NAME", help="Which agent of the policy the client is.")
@click.option("--commands", is_flag=True, help="Offer commands, too: the edge runs them, confined.")
@click.option(
    "--wait", type=click.FloatRange(0, 3600), default=WAIT, show_default=True, help="Seconds for a person's answer."
)
@socket_option
def mcp(path: Path, agent: str, commands: bool, wait: float) -> None:
    """Serve what the edge can do to an MCP client, on standard input and output.

    These are the connected services, other MCP servers among them, that policy lets this agent reach. The edge judges
    each call, asks a person where policy says so, carries it out, and takes secrets out of what comes back.
    """
    from safety_core.cli.mcp.offered import Offered
    from safety_core.cli.mcp.protocol import serve

    serve(Offered(path, agent, wait, commands=commands))
