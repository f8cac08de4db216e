"""`safety edge`: reads the settings, checks everything that can be checked, and runs until told to stop."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import uvloop

from proxy import settings as described
from proxy.settings_source import load_settings
from proxy.sockets import allow_files
from safety_core.edge.memory import share_one_heap, spared
from safety_core.edge.private_memory import keep_memory_private

_HELP = f"""Run the edge: the one process between the agent and the world.

It serves the control listener (a Unix socket that only this user can open) and the LLM egress, and keeps working on the
last trusted policy while the hub is away. Without a trusted policy it lives, refuses every call and says why in
`safety status`.

Once ready it prints one line: {{"ready": true, "control": PATH, "control_port": PORT, "egress": PORT}}.

\b
{(described.__doc__ or "").replace(chr(10) * 2, chr(10) * 2 + chr(8) + chr(10))}
"""


@click.command(help=_HELP, short_help="Run the edge service beside the agent.")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="SAFETY_EDGE_CONFIG",
    help="TOML file with the settings.",
)
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Check settings, keys and stores, show what would be in force, and leave: with exit status 1 if every call "
    "would be refused.",
)
@click.option("--json", "as_json", is_flag=True, help="With --check: print one JSON object.")
@click.option("--openapi", is_flag=True, help="Print the control listener's OpenAPI document, and leave.")
def edge(config: Path | None, only_check: bool, as_json: bool, openapi: bool) -> int:
    """Run or check."""
    if openapi:
        from proxy.control.openapi.document import document  # late: nothing else needs it

        click.echo(document())
        return 0
    environ = {name: value for name, value in os.environ.items() if name != "SAFETY_EDGE_CONFIG"}
    settings = load_settings(config, environ)
    with spared("boto3"):  # late, so that --help and a wrong setting do not wait for what only running needs
        from proxy.app import check, run

    if only_check:
        from safety_core.cli.status import tell

        found, troubles = uvloop.run(check(settings))
        for trouble in troubles:
            click.echo(f"warning: {trouble}", err=True)
        return tell(found, as_json=as_json)
    keep_memory_private()
    share_one_heap()
    allow_files()
    uvloop.run(run(settings, lambda ready: click.echo(json.dumps(ready))))
    return 0
