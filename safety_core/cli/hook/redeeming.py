"""A command that refers to secrets, carried out by the edge for whoever shows its ticket."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from safety_core.cli.edge_socket import ask_edge
from safety_core.wire.reader import Reader

SECONDS: Final = 660.0
"""Longer than the edge lets any command run."""

NOT_RUN: Final = 126
"""As a shell says it of a command that is there and cannot be run."""


def redeem(ticket: str, path: Path) -> int:
    """Print the redacted output, and return the command's exit status."""
    answer = Reader(ask_edge(path, "POST", "/v1/redeem", {"ticket": ticket}, seconds=SECONDS), "answer")
    if answer.text("status") != "executed":
        click.echo(f"the command has not run: {answer.text('reason', '', limit=100_000)}", err=True)
        return NOT_RUN
    output = answer.json("output")
    click.echo(output if isinstance(output, str) else "", nl=False)
    return answer.integer("exit", 0, maximum=255)
