"""`safety policy explain`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from safety_core.bundle.gather import gather
from safety_core.cli.policy.recordings import STDIN, mended
from safety_core.cli.policy.replay import tier_option, workspace_option
from safety_core.cli.policy.screen import columns, folded, say
from safety_core.cli.policy.seam import EITHER, either
from safety_core.cli.policy.tree import tree
from safety_core.edge.explain import explanation
from safety_core.edge.files import read_input
from safety_core.errors import InputError
from safety_core.model.level import Tier
from safety_core.wire.reader import Reader
from safety_core.wire.recorded_calls import RecordedCall, recorded_calls


@click.command(short_help="Why is this call judged as it is?")
@click.option(
    "--policies", type=EITHER, help="A policy folder or a bundle; by default the base policy that is shipped."
)
@click.option("--command", "line", metavar="TEXT", help="The command line to explain, instead of a call as JSON.")
@click.option("--tool", default="exec", show_default=True, help="The tool that --command is for.")
@click.option("--agent", default="main", show_default=True, help="Whose --command it is.")
@tier_option
@workspace_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.argument("call", type=click.Path(path_type=Path, allow_dash=True), default="-")
def explain(  # noqa: PLR0913 - one for each option
    policies: Path | None,
    line: str | None,
    tool: str,
    agent: str,
    tier: int | None,
    workspace: str,
    *,
    as_json: bool,
    call: Path,
) -> None:
    """Say why one CALL is judged as it is, as a tree.

    \b
    safety policy explain --command 'sudo rm -rf build && git push'
    echo '{"tool": "message", "params": {"to": "a@b.example"}}' |
        safety policy explain --policies policies

    CALL is a file that holds it; by default standard input is read.

    Shown are the call taken apart (wrappers, subcommands, options, what each part does to what), every rule that was
    asked, with the place of the clause that fired or the condition at which it stopped, the level, what manifest,
    floors, matrix and external gate say, and which form of the call would be judged milder.
    """
    bundle, sources = either(policies)
    chosen = _command(line, tool, agent) if line is not None else _call(call, workspace)
    found = asyncio.run(explanation(bundle, chosen, workspace, Tier(tier) if tier else None))
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False))
        return
    for text in tree(found, _places(sources)):
        for part in folded(text, columns()):
            say(part)


def _command(line: str, tool: str, agent: str) -> RecordedCall:
    return RecordedCall("command line", agent, "", tool, {"command": line})


def _call(file: Path, workspace: str) -> RecordedCall:
    if file != STDIN and not file.is_file():
        fix = "give a command line with --command, or a call as JSON on standard input"
        raise InputError("CALL", "is no file", fix)
    lines = sys.stdin.buffer if file == STDIN else read_input(file).splitlines()
    for found in recorded_calls(lines, "call", workspace):
        if isinstance(found, InputError):
            raise mended(found)
        return found
    raise InputError("call", "is not there", "give --command TEXT, or a call as JSON on standard input")


def _places(sources: Mapping[str, bytes]) -> Callable[[str], str]:
    """Return what finds the place of a program, or of a path of the data; nothing where there are no sources."""
    if not sources:
        return lambda name: ""
    data, origins = gather(sources)
    catalogue = data["catalogue"]
    programs = catalogue.get("programs", {}) if isinstance(catalogue, dict) else {}
    entries = {
        name.strip(): f"data.catalogue.programs.{names}"
        for names in (programs if isinstance(programs, dict) else {})
        for name in names.split(",")
    }

    floors = Reader(data, "data").objects("floors")
    entries |= {f"floor: {floor.text('rule')}": f"data.floors[{number}]" for number, floor in enumerate(floors)}

    def place(name: str) -> str:
        if not name.startswith("data."):
            path = entries.get(name) or entries.get(name.rstrip("0123456789."), "")  # python3.11 is listed as python
            return origins.place(path) if path else ""
        found = origins.place(name)
        return "" if found == name else found.partition(" (")[0]

    return place
