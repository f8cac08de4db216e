"""From what people approved again and again to changes of the policy, for review. Nothing here is ever applied.

A sort of call (`habits`) that was approved often enough by people, and never once denied, is proposed as the narrowest
change that would have made the question unnecessary:

    program   a program that nobody listed       -> an entry of the catalogue, with the effect that its words tell; once
                                                    it is understood, its next approvals are counted anew
    outward   a call that only reaches outside   -> outward grants in outward.yaml, for a time
    rule      a graver call, if it is wanted     -> an exception in each rule that spoke

Never proposed: anything for critical_red, for a call that a floor denies, or for one that was not understood whole for
any other reason than such a program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import unified_diff
from typing import Final, TypeAlias

from safety_core.bundle.begun import begun_program
from safety_core.errors import InputError
from safety_core.flow.habits import Evidence, Habit, Outline
from safety_core.model.facts import Kind
from safety_core.model.level import Level
from safety_core.model.policy import Policy

TIMES: Final = 5
"""Approvals from which a sort of call is proposed: fewer are no habit."""

GRANT_DAYS: Final = 90
"""For how long a proposed outward grant holds: a season, then somebody looks again."""

_ACTION: Final = re.compile(r"^\tsome action in [^\n]*actions[^\n]*$", re.MULTILINE)
_EMPTY: Final = re.compile(r"^outward:[ \t]*(?:\[[ \t]*\])?[ \t]*$", re.MULTILINE)

Files: TypeAlias = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change for review.

    Attributes:
        sort: "outward", "program" or "rule".
        title: what it would permit, in words.
        files: the sources that it changes, whole.
        refused: why there is no change to propose; `files` is then empty.
    """

    sort: str
    title: str
    habit: Habit
    files: Files = field(default_factory=dict)
    refused: str = ""


def propose(
    habit: Habit, sources: Files, policy: Policy, now: float, *, times: int = TIMES, include_red: bool = False
) -> Proposal | None:
    """Return the change that a habit asks for, with its reason where there can be none; None where it is no habit.

    Args:
        sources: of the policy that is to be changed.
        now: seconds since the epoch, from which an outward grant's end is counted.
    """
    outline = habit.outline
    if len(habit.evidence) < times or habit.denied:
        return None
    if outline.level is Level.CRITICAL_RED or set(outline.rules) & policy.floors:
        return _refused(habit, "what is critical_red, or denied by a floor, is asked about every time")
    if outline.level is Level.RED and not include_red:
        return _refused(habit, "it is red: give --include-red to see an exception")
    if outline.doubtful:
        return _refused(habit, "it was not understood whole: safety policy explain shows what is missing")
    if outline.unlisted:
        return _program(habit, sources)
    if outline.level is Level.YELLOW_EXTERNAL:
        return _outward(habit, sources, now)
    if outline.level is Level.RED:
        return _exception(habit, sources)
    return _refused(habit, "the matrix asks about every call of this level in this tier; no rule can change that")


def _refused(habit: Habit, reason: str) -> Proposal:
    return Proposal("none", habit.outline.in_words(), habit, {}, reason)


def _program(habit: Habit, sources: Files) -> Proposal:
    """An entry with the gravest effect that its words tell: whether a program only reads, no approval tells."""
    effect = next(iter(habit.outline.kinds), Kind.WRITE)
    files: dict[str, bytes] = {}
    for name in habit.outline.unlisted:
        try:
            files.update(begun_program(name, effect, bare=True))
        except InputError as error:
            return _refused(habit, str(error))
    if set(files) & set(sources):
        return _refused(habit, f"{min(set(files) & set(sources))} is there already")
    return Proposal("program", f"list {', '.join(habit.outline.unlisted)} in the catalogue", habit, files)


def _outward(habit: Habit, sources: Files, now: float) -> Proposal:
    name, outline = "outward.yaml", habit.outline
    # each by itself: approvals of two addresses say nothing about the rest of their domain, which may be anybody's
    reached = sorted({target.value for target in habit.recipients})
    if not reached or any("\n" in whom or '"' in whom for whom in reached):
        return _refused(habit, "whom it reaches is not named in the call")
    until = int(now + GRANT_DAYS * 86400)
    day = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%d")
    lines = "".join(
        f'  - {{agent: "{outline.agent}", tool: "{outline.tool}", recipient: "{whom}", not_after: {until}}}  # {day}\n'
        for whom in reached
    )
    text = sources.get(name, b"outward: []\n").decode("utf-8")
    text = text if text.endswith("\n") else text + "\n"
    changed = _EMPTY.sub("outward:", text, count=1) + lines
    return Proposal("outward", f"let {outline.in_words()} pass without asking", habit, {name: changed.encode()})


def _exception(habit: Habit, sources: Files) -> Proposal:
    """An exception for exactly these forms in exactly these zones, in every rule that spoke."""
    files: dict[str, bytes] = {}
    outline = habit.outline
    for rule in outline.rules:
        name = f"rules/{rule}/{rule}.rego"
        if name not in sources:
            continue  # what holds whatever the rules say
        text = sources[name].decode("utf-8")
        if not _ACTION.search(text):
            return _refused(habit, f"{name} has no `some action in` to which an exception could be tied")
        number = text.count("\napproved_habit_") + 1
        condition = f"approved_habit_{number}(action)"
        changed = _ACTION.sub(lambda found, words=condition: f"{found[0]}\n\tnot {words}", text)  # type: ignore[misc]
        files[name] = (changed.rstrip("\n") + "\n\n" + _condition(condition, outline)).encode()
    return Proposal("rule", f"an exception for {outline.in_words()}", habit, files)


def _condition(head: str, outline: Outline) -> str:
    return (
        "# What people approved each time; see the evidence in the proposal.\n"
        f"{head} if {{\n"
        f'\tobject.get(input, "agent", "") == "{outline.agent}"\n'
        f'\tobject.get(input, "tool", "") == "{outline.tool}"\n'
        f'\tobject.get(action, "form", "") in {_set(outline.forms)}\n'
        '\tzones := {object.get(target, "zone", "unknown") | some target in object.get(action, "targets", [])}\n'
        f"\tcount(zones - {_set(outline.zones)}) == 0\n"
        "}\n"
    )


def _set(words: Iterable[str]) -> str:
    listed = ", ".join(f'"{word}"' for word in words)
    return f"{{{listed}}}" if listed else "set()"


def patch(proposal: Proposal, sources: Files) -> str:
    """Return the proposal as a patch for the policy folder, with its evidence above it (`git apply` passes it over)."""
    found = [f"Proposal: {proposal.title}", "", *_evidence(proposal.habit), ""]
    for name, raw in sorted(proposal.files.items()):
        before = sources.get(name, b"").decode("utf-8").splitlines(keepends=True)
        old = f"a/{name}" if name in sources else "/dev/null"
        found.append("".join(unified_diff(before, raw.decode("utf-8").splitlines(keepends=True), old, f"b/{name}")))
    return "\n".join(found)


def _evidence(habit: Habit) -> list[str]:
    people: dict[str, list[Evidence]] = {}
    for one in habit.evidence:
        people.setdefault(f"{one.approver} ({one.origin})", []).append(one)
    lines = [f"Approved {len(habit.evidence)} times, never denied:"]
    for who, given in sorted(people.items()):
        first, last = min(one.decided for one in given), max(one.decided for one in given)
        lines.append(f"  {who}: {len(given)} times, {_day(first)} to {_day(last)}")
    lines.append(f"  requests {', '.join(one.request[:8] for one in habit.evidence[-10:])}")
    return lines


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
