"""`safety policy replay`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import click

from safety_core.bundle.contents import TrustedBundle
from safety_core.canonical import JsonObject
from safety_core.cli.classify import WORKSPACE
from safety_core.cli.policy.recordings import Recordings, Showing, progress
from safety_core.cli.policy.screen import columns, counted, cut, say, strong, table, weak, word
from safety_core.cli.policy.seam import EITHER, either
from safety_core.edge.trial import on_trial
from safety_core.flow.compared import Difference, Tally
from safety_core.model.level import Outcome, Tier

_WOULD: Final = {
    Outcome.ALLOW: "allowed",
    Outcome.ASK: "asked",
    Outcome.ASK_STRONG: "asked, strong approver",
    Outcome.DENY: "denied",
}

tier_option = click.option(
    "--tier", type=click.IntRange(1, 3), help="Take every agent for one of this tier; else as each policy says."
)
workspace_option = click.option(
    "--workspace", default=WORKSPACE, show_default=True, help="The agent's workspace, the base of relative paths."
)


@click.command(short_help="Judge recorded calls by a new policy, and show what changes.")
@click.option("--policies", "new", type=EITHER, required=True, help="The new policy: a folder, or a bundle.tar.gz.")
@click.option("--against", "old", type=EITHER, help="The old one; by default the base policy that is shipped.")
@tier_option
@workspace_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--each", is_flag=True, help="Print every call that differs, as JSON Lines.")
@click.argument("calls", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
def replay(
    new: Path, old: Path | None, tier: int | None, workspace: str, *, as_json: bool, each: bool, calls: tuple[Path, ...]
) -> int:
    """Judge recorded CALLS by two policies, and show what a change would have asked, allowed or blocked.

    \b
    safety policy replay calls.jsonl --policies policies
    safety policy replay events.jsonl --policies new.tar.gz \\
                         --against old.tar.gz
    safety policy replay - --policies policies --each < calls.jsonl

    CALLS are JSON Lines as `safety classify` takes them, OpenClaw's session files, or events.jsonl of an exported
    trajectory (openclaw sessions export-trajectory). Nothing is run and nobody is asked. Secrets in a call are never
    shown. Exit status 1 if any call would meet another outcome.
    """
    bundles = either(old)[0], either(new)[0]
    recordings = Recordings(calls, workspace)
    found = asyncio.run(judged_by_both(bundles, recordings, Tier(tier) if tier else None, workspace, each=each))
    if as_json:
        click.echo(json.dumps(_document(found, recordings, bundles), ensure_ascii=False))
    elif not each:
        for line in report(found, bundles):
            say(line)
    for error in recordings.unreadable[:3]:
        click.echo(f"warning: {error}", err=True)
    if len(recordings.unreadable) > 3:
        click.echo(f"warning: {len(recordings.unreadable) - 3} more lines hold no call", err=True)
    return 1 if found.stricter or found.looser else 0


async def judged_by_both(
    bundles: tuple[TrustedBundle, TrustedBundle],
    recordings: Recordings,
    tier: Tier | None,
    workspace: str,
    *,
    each: bool = False,
) -> Tally:
    """Judge every call by both."""
    tally, showing = Tally(), Showing(bundles[1].policy.patterns)
    async with AsyncExitStack() as stack:
        before = await stack.enter_async_context(on_trial(bundles[0], workspace, tier))
        after = await stack.enter_async_context(on_trial(bundles[1], workspace, tier))
        with progress("replaying", recordings.size) as advance:
            for call in recordings.read(advance):
                was, now = await before.judge(call), await after.judge(call)
                if (was.level, was.outcome) == (now.level, now.outcome):
                    tally.add(call.id, "", was, now)
                    continue
                found = tally.add(call.id, showing.line(call), was, now)
                if found is not None and each:
                    click.echo(json.dumps(found.to_json(), ensure_ascii=False))
    return tally


def report(tally: Tally, bundles: tuple[TrustedBundle, TrustedBundle]) -> Iterator[str]:
    """Yield the report for people, line by line."""
    old, new = bundles
    yield f"{counted(tally.calls, 'call')}, judged by {old.revision} and then by {new.revision}"
    yield from tally_lines(tally)


def tally_lines(tally: Tally) -> Iterator[str]:
    """Yield what differs: by outcome, by level and by rule, with examples."""
    if not tally.differing:
        yield "no call is judged otherwise"
        return
    yield ""
    yield from table([(strong("calls"), strong("outcome before"), strong("outcome after")), *_transitions(tally)])
    if tally.levels:
        yield ""
        rows = [(f"{count:,}", word(was), word(now)) for (was, now), count in sorted(tally.levels.items())]
        yield from table([(strong("calls"), strong("level before"), strong("level after")), *rows])
    for rule, count in tally.rule_counts.most_common():
        yield ""
        yield f"{strong(rule)} makes the difference in {counted(count, 'call')}"
        for example in tally.by_rule[rule]:
            yield from _example(example)
    yield ""
    yield f"{counted(tally.stricter, 'call')} would meet a stricter outcome, {tally.looser:,} a looser one."


def _transitions(tally: Tally) -> Iterator[tuple[str, str, str]]:
    for (was, now), count in sorted(tally.outcomes.items()):
        yield f"{count:,}", _WOULD[was], word(now).replace(now.word, _WOULD[now])
    rest = tally.calls - sum(tally.outcomes.values())
    yield f"{rest:,}", "any", "the same"


def _example(example: Difference) -> Iterator[str]:
    yield f"  {cut(example.shown, columns() - 2)}"
    was, now = example.before, example.after
    yield f"    {word(was.level)}, {_WOULD[was.outcome]} -> {word(now.level)}, {_WOULD[now.outcome]}"
    reason = next((text for text in now.reasons if text not in was.reasons), next(iter(now.reasons), ""))
    yield weak(f"    {example.id}: {cut(reason, columns() - 8 - len(example.id))}")


def _document(tally: Tally, recordings: Recordings, bundles: tuple[TrustedBundle, TrustedBundle]) -> JsonObject:
    named: JsonObject = {"before": bundles[0].revision, "after": bundles[1].revision}
    return {**named, **tally.to_json(), "unreadable": len(recordings.unreadable)}
