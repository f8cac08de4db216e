"""`safety hook`: the commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from safety_core.cli.edge_socket import socket_option
from safety_core.cli.hook.spoken import Host

F = TypeVar("F", bound=Callable[..., Any])

WAIT: Final = 60.0
"""Seconds for a person's answer, unless said otherwise; as long as an edge waits by itself."""

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)
_HOSTS: Final = click.Choice([host.value for host in Host])


@click.group(short_help="Have Claude Code or Codex ask before each tool call.")
def hook() -> None:
    """Have Claude Code or Codex ask before each tool call, by the hooks that they have.

    A hook guards against mistakes and injected words, not against a program that goes past its host: see
    `safety contain`.
    """


def _judging(command: F) -> F:
    """Add what says by what a call is judged."""
    for name, text in (
        ("--permit", "The host does not ask about a call that policy lets pass."),
        ("--alone", "Judge in this process, by a policy at hand: no edge is asked."),
    ):
        command = click.option(name, is_flag=True, help=text)(command)
    for name, kind, text in (
        ("--workspace", str, "With --alone: the base of relative paths.  [default: the project]"),
        ("--tier", click.IntRange(1, 3), "With --alone: the agent's tier, whatever policy says."),
        ("--policies", _FOLDER, "With --alone: go by this policy folder, not by the base policy."),
        ("--bundle", _FILE, "With --alone: go by this bundle (.tar.gz)."),
        ("--agent", str, "Which agent of the policy it is.  [default: the host's name]"),
    ):
        command = click.option(name, type=kind, help=text)(command)
    command = click.option(
        "--wait",
        type=click.FloatRange(0, 3600),
        default=WAIT,
        show_default=True,
        help="Seconds for a person's answer, from an edge.",
    )(command)
    return socket_option(command)


@hook.command("claude-code")
@_judging
def claude_code(**options: Any) -> int:
    """Answer one event of Claude Code, JSON on standard input.

    PreToolUse is judged; of PostToolUse the result is redacted, and a UserPromptSubmit with a secret in it is refused,
    by an edge. Whatever goes wrong blocks. Exit status 0: as standard output says; 2: blocked.
    """
    from safety_core.cli.hook.asking import Options, answered

    return answered(Host.CLAUDE_CODE, Options(**options))


@hook.command("codex")
@_judging
def codex(**options: Any) -> int:
    """Answer one event of Codex, JSON on standard input.

    As for Claude Code. Codex has no way for a hook to ask the person in front of it: what a person decides is blocked,
    unless an edge asks.
    """
    from safety_core.cli.hook.asking import Options, answered

    return answered(Host.CODEX, Options(**options))


def _where(command: F) -> F:
    text = "The project's settings, in this folder.  [default: the user's own]"
    command = click.option("--project", is_flag=True, help=text)(command)
    return click.argument("host", type=_HOSTS)(command)


_yes = click.option("--yes", is_flag=True, help="Do not ask; without a terminal, this is needed.")


@hook.command("install")
@_where
@_judging
@_yes
def install_(host: str, project: bool, yes: bool, **options: Any) -> int:
    """Have HOST ask before each tool call. Shows the change of its settings, and asks first.

    What stands there already stays. Run it again with other options to change them.
    """
    from safety_core.cli.hook.asking import Options
    from safety_core.cli.hook.installing import install

    return install(Host(host), Options(**options), project=project, yes=yes)


@hook.command("remove")
@_where
@_yes
def remove_(host: str, project: bool, yes: bool) -> int:
    """Take our hooks out of HOST's settings, and nothing else."""
    from safety_core.cli.hook.installing import remove

    return remove(Host(host), project=project, yes=yes)


@hook.command("status")
@_where
def status_(host: str, project: bool) -> int:
    """Prove that HOST's hooks block, and that an edge judges. Tried with a call that nobody may make.

    Also asks the edge behind them: without one every call is blocked. Exit status 0 if they block and an edge judges
    (or they judge alone), 1 if not.
    """
    from safety_core.cli.hook.installing import status

    return status(Host(host), project=project)


@hook.command("redeem")
@click.argument("ticket")
@socket_option
def redeem_(ticket: str, path: Path) -> int:
    """Have the edge carry out the command behind TICKET. Prints what came of it.

    A command that refers to a stored secret is replaced by this one, once it is permitted.
    """
    from safety_core.cli.hook.redeeming import redeem

    return redeem(ticket, path)
