"""`safety openclaw`: the commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from safety_core.cli.home import home_option
from safety_core.edge.home import Home

F = TypeVar("F", bound=Callable[..., Any])
FILE: Final = click.Path(dir_okay=False, path_type=Path)


def _options(command: F) -> F:
    for name, variable, kind, text in (
        ("--openclaw", "program", FILE, "The program `openclaw`.  [default: the one on the PATH]"),
        ("--socket", "socket", FILE, "The edge's control socket.  [default: edge.sock in --home]"),
        (
            "--config",
            "config",
            FILE,
            "OpenClaw's configuration.  [default: $OPENCLAW_CONFIG_PATH, openclaw.json in $OPENCLAW_STATE_DIR"
            " or in ~/.openclaw]",
        ),
    ):
        command = click.option(name, variable, type=kind, help=text)(command)
    return home_option(command)


_yes = click.option("--yes", is_flag=True, help="Do not ask; without a terminal, this is needed.")


@click.group(short_help="Guard an OpenClaw, free it, look after it.")
def openclaw() -> None:
    """Put the gateway into an OpenClaw, take it out again, and prove what is in force.

    All three run as the user whose OpenClaw it is, beside the edge. None of them needs a running gateway.
    """


@openclaw.command("install")
@_options
@click.option("--link", is_flag=True, help="Load the plugin from where it is installed, instead of a copy of it.")
@click.option(
    "--egress",
    metavar="URL",
    help="The edge's egress.  [default: as the running edge says, else as it did last, else http://127.0.0.1:8100]",
)
@click.option("--without", multiple=True, metavar="PROVIDER", help="Leave out a model provider; may be repeated.")
@_yes
def install_(  # noqa: PLR0913, PLR0917 - one for each option
    home: Home,
    config: Path | None,
    socket: Path | None,
    program: Path | None,
    link: bool,
    egress: str | None,
    without: tuple[str, ...],
    yes: bool,
) -> None:
    """Change openclaw.json so that nothing goes past the edge. Shows every change, and asks first.

    \b
    - the plugin is loaded, with all that its hooks need
    - every model provider leads to the edge, under a token of the agent's
      own; the provider's key moves into the vault
    - agents have the tools and the sandbox that the signed policy says
    - stores that would keep what nobody has redacted are off

    A copy of the file is kept, and `openclaw config validate` judges the new one: what it refuses is put back.
    Run it as often as you like; it does what is missing. It prints what the edge's settings must say.

    It reads JSON5 and writes JSON, so comments are lost (the copy has them). It follows no $include.
    """
    from safety_core.cli.openclaw.install import install
    from safety_core.cli.openclaw.scene import Asked

    install(Asked(home, config, socket, egress, program, link, without, yes))


@openclaw.command("uninstall")
@_options
@_yes
def uninstall_(home: Home, config: Path | None, socket: Path | None, program: Path | None, yes: bool) -> None:
    """Take back what install changed, and nothing else. Shows it, and asks first.

    Where nobody has touched openclaw.json since, its old bytes come back. The agent is unguarded then, and holds
    the keys that it held before.
    """
    from safety_core.cli.openclaw.scene import Asked
    from safety_core.cli.openclaw.uninstall import uninstall

    uninstall(Asked(home, config, socket, program=program, yes=yes))


@openclaw.command("status")
@_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status_(home: Home, config: Path | None, socket: Path | None, program: Path | None, as_json: bool) -> int:
    """Show, layer by layer, whether it is in force. Tells the proof, and what to do where it is not.

    \b
    0 OpenClaw            a release that the gateway is tested with
    1 sandbox             openclaw.json against the signed manifest
    2 tool policy         each agent's tools against the signed manifest
    3 command gating      the edge, its policy, and the plugin of each agent
    4 secrets redaction   no way past the edge, no key, no raw store

    Exit status 0 if all are in force, 1 if one is not.
    """
    from safety_core.cli.openclaw.report import status

    return status(home, config, socket, program, as_json=as_json)
