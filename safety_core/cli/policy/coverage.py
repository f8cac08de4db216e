"""`safety policy coverage`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from safety_core.bundle.clauses import HITS, Clause, clauses_of
from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.gather import gather
from safety_core.canonical import Json, JsonObject
from safety_core.classify.facts import facts_of
from safety_core.classify.trace import trace
from safety_core.classify.unused import Unused, Used, unused
from safety_core.cli.policy.recordings import Recordings, progress
from safety_core.cli.policy.replay import workspace_option
from safety_core.cli.policy.screen import counted, cut, say, strong, weak
from safety_core.cli.policy.seam import compiled, policies_option, sources_of
from safety_core.edge.coverage import Lines, paths_of_tests, watched
from safety_core.edge.policy_tests import rule_tests_in
from safety_core.edge.trial import tool_call


@dataclass(frozen=True, slots=True)
class Missed:
    """A clause that nothing hit: its place, what its head says, and the condition that it never got past."""

    place: str
    clause: Clause
    stopped: str

    def to_json(self) -> JsonObject:
        """Return it as a document."""
        return {"place": self.place, "level": self.clause.level, "reason": self.clause.reason, "at": self.stopped}


@dataclass(frozen=True, slots=True)
class Found:
    """What was reached. `silent`: rules of which no clause was hit."""

    clauses: int
    missed: tuple[Missed, ...]
    silent: tuple[str, ...]
    entries: tuple[Unused, ...]
    calls: int

    @property
    def percent(self) -> float:
        """Clauses that were hit, of a hundred."""
        return 100.0 * (self.clauses - len(self.missed)) / max(self.clauses, 1)


@click.command(short_help="Which rules, clauses and entries nothing ever reached.")
@policies_option
@workspace_option
@click.option("--at-least", type=click.FloatRange(0, 100), default=0.0, help="Percent of the clauses that must be hit.")
@click.option("--unused", "show_unused", is_flag=True, help="List every entry of the catalogue that nothing used.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.argument("calls", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
def coverage(
    policies: Path | None,
    workspace: str,
    at_least: float,
    *,
    show_unused: bool,
    as_json: bool,
    calls: tuple[Path, ...],
) -> int:
    """Say what golden vectors, the tests beside the rules and recorded CALLS never reached.

    \b
    safety policy coverage --policies policies --at-least 90
    safety policy coverage events.jsonl --unused

    A clause that nothing ever hit is one that nobody knows to work: its line is shown, with the condition that it never
    got past. Entries of the catalogue count as used when a vector or a call names them; which options were used, only
    CALLS can tell. Exit status 1 below --at-least.
    """
    sources = sources_of(policies)
    found = asyncio.run(_found(sources, compiled(sources)[1], Recordings(calls, workspace), workspace))
    if as_json:
        click.echo(json.dumps(_document(found), ensure_ascii=False))
    else:
        for line in _lines(found, sources, every=show_unused):
            say(line)
    if found.percent < at_least:
        click.echo(f"error: coverage: {found.percent:.1f}% is less than {at_least:g}%", err=True)
        return 1
    return 0


async def _found(sources: Mapping[str, bytes], bundle: TrustedBundle, recordings: Recordings, workspace: str) -> Found:
    used, catalogue = Used(), bundle.policy.catalogue
    asked = [vector.facts for vector in bundle.golden]
    for facts in asked:
        used.add_facts(facts)
    with progress("reading", recordings.size) as advance:
        for call in recordings.read(advance):
            asked.append(facts_of(tool_call(call), catalogue, workspace).to_json())
            used.add_step(trace(call.tool, call.params, catalogue, workspace, hints=call.hints))
    tests = rule_tests_in(sources)
    rules = [*bundle.guards]
    watch = await watched(bundle, [(rules, facts) for facts in asked], tests=tests, values=paths_of_tests(tests))
    missed, silent, count = _clauses(bundle, watch.lines[0])
    return Found(count, missed, silent, unused(catalogue, used), recordings.calls)


def _clauses(bundle: TrustedBundle, lines: Lines) -> tuple[tuple[Missed, ...], tuple[str, ...], int]:
    missed: list[Missed] = []
    silent: list[str] = []
    count = 0
    for name, text in sorted(bundle.rules.items()):
        covered = lines.covered.get(name, frozenset())
        clauses = [clause for clause in clauses_of(text) if clause.name == HITS]
        never = [clause for clause in clauses if not clause.fired(covered)]
        count += len(clauses)
        missed += [_missed(name, text, clause, covered) for clause in never]
        if len(never) == len(clauses):
            silent.append(name.split("/")[1])
    return tuple(missed), tuple(silent), count


def _missed(name: str, text: str, clause: Clause, covered: frozenset[int]) -> Missed:
    at = clause.furthest(covered)
    stopped = f"line {at}: {text.splitlines()[at - 1].strip()}" if at else ""
    return Missed(f"{name}:{clause.first}", clause, stopped)


def _lines(found: Found, sources: Mapping[str, bytes], *, every: bool) -> Iterator[str]:
    hit = found.clauses - len(found.missed)
    yield f"{strong('clauses')}: {hit} of {found.clauses} hit ({found.percent:.1f}%)"
    for one in found.missed:
        yield f"  {one.place}  never hit: {one.clause.level or 'hits'}, {cut(one.clause.reason, 70)}"
        if one.stopped:
            yield weak(f"    got as far as {cut(one.stopped, 90)}")
    if found.silent:
        yield f"{strong('rules that never fired')}: {', '.join(found.silent)}"
    by = f" and {counted(found.calls, 'call')}" if found.calls else ""
    yield f"{strong('catalogue')}, by golden vectors{by}:"
    origins = gather(sources)[1]
    for sort in found.entries:
        if sort.sort == "options" and not found.calls:
            yield "  options: give recorded calls to see which were used"
            continue
        yield f"  {sort.sort}: {sort.used:,} of {sort.total:,} used"
        shown = sort.names if every else ()
        for path, name in shown:
            yield weak(f"    {origins.place(path).partition(' (')[0]}  {cut(name, 70)}")
    if not every:
        yield weak("  --unused lists the others")


def _document(found: Found) -> JsonObject:
    missed: list[Json] = [one.to_json() for one in found.missed]
    entries: JsonObject = {
        sort.sort: {"used": sort.used, "total": sort.total, "unused": [name for _, name in sort.names]}
        for sort in found.entries
    }
    return {
        "clauses": found.clauses,
        "percent": round(found.percent, 2),
        "missed": missed,
        "silent": [*found.silent],
        "catalogue": entries,
        "calls": found.calls,
    }
