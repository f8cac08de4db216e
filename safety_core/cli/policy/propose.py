"""`safety policy propose`."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from safety_core.canonical import Json, JsonObject
from safety_core.cli.classify import WORKSPACE
from safety_core.cli.home import there_option
from safety_core.cli.policy.recordings import Showing
from safety_core.cli.policy.screen import columns, counted, cut, say, strong, weak
from safety_core.cli.policy.seam import compiled, policies_option, sources_of
from safety_core.edge import clock
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.files import replace_file
from safety_core.edge.home import Home
from safety_core.edge.trial import on_trial
from safety_core.errors import InputError, SafetyError
from safety_core.flow.habits import Habit, habits
from safety_core.flow.proposals import TIMES, Files, Proposal, patch
from safety_core.flow.proposals import propose as proposal_of
from safety_core.model.approval import Approval
from safety_core.wire.recorded_calls import RecordedCall


@click.command(short_help="From what people approved again and again: patches for review.")
@there_option
@policies_option
@click.option("--times", type=click.IntRange(2), default=TIMES, show_default=True, help="Approvals that make a habit.")
@click.option("--workspace", default=WORKSPACE, show_default=True, help="The agent's workspace.")
@click.option("--include-red", is_flag=True, help="Also propose exceptions for red calls; never for critical_red.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), help="Write each as a patch file into this folder."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per proposal.")
def propose(
    home: Home,
    policies: Path | None,
    times: int,
    workspace: str,
    *,
    include_red: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Turn the approvals of this edge into proposals: what was approved often, and never once denied.

    \b
    safety policy propose --policies policies
    safety policy propose --policies policies -o proposals
    git apply --directory=policies proposals/1-outward-main.patch

    Proposed is the narrowest change that would have made the question unnecessary: an outward grant for a time, an
    entry of the catalogue, or (with --include-red) an exception in a rule. Each is a patch with its evidence: who
    approved it, when, how often. It is never applied by itself: read it, apply it, and let check, test and replay say
    what it does.
    """
    sources = sources_of(policies)
    policy = compiled(sources)[1].policy
    approvals = asyncio.run(_history(home))
    found = [
        proposal
        for habit in habits(approvals, policy, workspace)
        if (proposal := proposal_of(habit, sources, policy, clock.now(), times=times, include_red=include_red))
    ]
    showing = Showing(policy.patterns)
    for number, one in enumerate(found, 1):
        proposal, effect = asyncio.run(_tried(one, sources, workspace))
        if as_json:
            click.echo(json.dumps(_document(proposal, effect, sources, showing), ensure_ascii=False))
        else:
            for line in _lines(number, proposal, effect, sources, showing, out):
                say(line)
    if not as_json:
        say(f"{counted(len(approvals), 'approval')} looked at, {counted(len(found), 'habit')} found.")


async def _history(home: Home) -> Sequence[Approval]:
    if not home.edge_db.exists():
        raise InputError(str(home.edge_db), "is not there", "give --home, the folder of an edge that has run")
    store = ApprovalStore.open(home.edge_db)
    try:
        return await store.history()
    finally:
        await store.aclose()


async def _tried(proposal: Proposal, sources: Files, workspace: str) -> tuple[Proposal, str]:
    """Return the proposal, and what it would make of its example; why it is none if the policy is wrong with it."""
    example = _call(proposal.habit)
    if not proposal.files or example is None:
        return proposal, ""
    try:
        before, after = compiled(sources)[1], compiled({**sources, **proposal.files})[1]
        async with on_trial(before, workspace) as now, on_trial(after, workspace) as then:
            was, is_ = await now.judge(example), await then.judge(example)
    except SafetyError as error:
        reason = f"the policy would be wrong with it: {error}"
        return Proposal("none", proposal.title, proposal.habit, {}, reason), ""
    return proposal, f"{was.level.word}, {was.outcome.word} -> {is_.level.word}, {is_.outcome.word}"


def _call(habit: Habit) -> RecordedCall | None:
    request = habit.example
    if request is None:
        return None
    return RecordedCall(request.id, request.agent, request.session, request.tool, request.params)


def _lines(
    number: int, proposal: Proposal, effect: str, sources: Files, showing: Showing, out: Path | None
) -> Iterator[str]:
    yield strong(f"{number}. {proposal.title}")
    yield weak(f"   for example: {_example(proposal.habit, showing)}")
    if proposal.refused:
        yield f"   approved {len(proposal.habit.evidence)} times; nothing is proposed: {proposal.refused}"
        yield ""
        return
    yield f"   with it: {effect}"
    text = patch(proposal, sources)
    if out is None:
        yield from (f"   {line}" for line in text.splitlines())
    else:
        path = out / f"{number}-{proposal.sort}-{_slug(proposal)}.patch"
        replace_file(path, text.encode())
        yield f"   {path}: written"
    yield ""


def _example(habit: Habit, showing: Showing) -> str:
    call = _call(habit)
    return cut(showing.line(call), columns() - 17) if call is not None else ""


def _slug(proposal: Proposal) -> str:
    outline = proposal.habit.outline
    return re.sub(r"[^a-z0-9]+", "-", f"{outline.agent} {outline.tool} {' '.join(outline.forms)}".lower())[:40].strip(
        "-"
    )


def _document(proposal: Proposal, effect: str, sources: Files, showing: Showing) -> JsonObject:
    evidence: list[Json] = [
        {"request": one.request, "approver": one.approver, "origin": one.origin, "decided": one.decided}
        for one in proposal.habit.evidence
    ]
    return {
        "sort": proposal.sort,
        "title": proposal.title,
        "example": _example(proposal.habit, showing),
        "with_it": effect,
        "evidence": evidence,
        "patch": patch(proposal, sources) if proposal.files else "",
        "refused": proposal.refused,
    }
