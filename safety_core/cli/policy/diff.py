"""`safety policy diff`."""

from __future__ import annotations

import asyncio
import json
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import click

from safety_core.bundle.diff import Change, How, differences
from safety_core.cli.policy.recordings import Recordings
from safety_core.cli.policy.replay import judged_by_both, report, tier_option, workspace_option
from safety_core.cli.policy.screen import columns, say, strong, weak
from safety_core.cli.policy.seam import EITHER, either
from safety_core.edge.shipped import LOCAL_TENANT
from safety_core.flow.compared import Tally
from safety_core.model.level import Tier
from safety_core.wire.signed import tenant_id

_SIGNS = {How.ADDED: "+", How.REMOVED: "-", How.CHANGED: "~"}
_COLOURS = {How.ADDED: "green", How.REMOVED: "red", How.CHANGED: "yellow"}


@click.command(short_help="What one policy says otherwise than another.")
@click.option(
    "--calls",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="Also judge these recorded calls by both, as `safety policy replay` does; may be given more than once.",
)
@tier_option
@workspace_option
@click.option(
    "--tenant", default=LOCAL_TENANT, help="Whose overlay in a folder of sources counts; by default nobody's."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.argument("old", type=EITHER)
@click.argument("new", type=EITHER)
def diff(
    calls: tuple[Path, ...], tier: int | None, workspace: str, tenant: str, *, as_json: bool, old: Path, new: Path
) -> int:
    """Say in words what NEW says otherwise than OLD: matrix, floors, rules, agents and budgets, grants, catalogue,
    hosts, patterns, prices, and where other software may go.

    \b
    safety policy diff bundle.tar.gz policies
    safety policy diff policies-of-last-week policies --calls calls.jsonl

    OLD and NEW are folders of sources, or bundles. What loosens the policy by itself is marked: that is what a second
    pair of eyes is for. Exit status 0 if both say the same, 1 if they differ.
    """
    named = tenant_id(tenant)
    bundles = either(old, named)[0], either(new, named)[0]
    changes = differences(*bundles)
    tally = None
    if calls:
        recordings = Recordings(calls, workspace)
        tally = asyncio.run(judged_by_both(bundles, recordings, Tier(tier) if tier else None, workspace))
    if as_json:
        document = {"changes": [change.to_json() for change in changes]}
        click.echo(json.dumps({**document, **({"calls": tally.to_json()} if tally else {})}, ensure_ascii=False))
    else:
        for line in difference_lines(changes):
            say(line)
        if tally is not None:
            say()
            for line in report(tally, bundles):
                say(line)
    return 1 if changes or _differs(tally) else 0


def _differs(tally: Tally | None) -> bool:
    return tally is not None and tally.differing > 0


def difference_lines(changes: Sequence[Change]) -> Iterator[str]:
    """Yield differences for people, line by line."""
    if not changes:
        yield "both say the same"
        return
    for part, listed in groupby(changes, key=lambda change: change.part):
        yield strong(part)
        for change in listed:
            yield from _change(change)
    loosened = sum(change.loosens is True for change in changes)
    yield ""
    many = f"{len(changes)} difference{'s' if len(changes) != 1 else ''}"
    each = "loosens the policy by itself" if loosened == 1 else "loosen the policy by themselves"
    yield f"{many}, {loosened} of which {each}."


def _change(change: Change) -> Iterator[str]:
    mark = click.style(f"{_SIGNS[change.how]} {change.name}", fg=_COLOURS[change.how])
    looser = {True: click.style("looser", fg="red"), False: "stricter", None: ""}[change.loosens]
    yield f"  {mark}  {looser}".rstrip()
    for words in change.words[:12]:
        yield from (
            weak(line)
            for line in textwrap.wrap(words, columns(), initial_indent="      ", subsequent_indent="        ")
        )
    if len(change.words) > 12:
        yield weak(f"      and {len(change.words) - 12} more")
