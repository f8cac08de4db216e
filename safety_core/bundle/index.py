"""Which rules can concern a call, so that cost stays flat while rules grow.

A rule may promise in its METADATA that it only fires for actions of certain kinds or subjects. The promise
becomes a guard: here for the embedded engine, which then asks only the rules that are left, and in the
generated `safety/main.rego` for every other engine. Both are made from the same table, data.index: {rule
id: {"kinds": [...], "subjects": [...]}}, empty lists meaning anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from safety_core.bundle.rules import RuleHead
from safety_core.canonical import Json, JsonObject
from safety_core.wire.reader import Reader

Guard: TypeAlias = tuple[frozenset[str], frozenset[str]]
"""Kinds and subjects, of which one action must match both; an empty set matches anything."""


def build_index(heads: Iterable[RuleHead]) -> JsonObject:
    """Return data.index for these rules."""
    return {head.id: {"kinds": [*sorted(head.kinds)], "subjects": [*sorted(head.subjects)]} for head in heads}


def read_index(index: Json) -> dict[str, Guard]:
    """Parse data.index. Raises InputError for any other shape."""
    reader = Reader(index, "data.index")
    found: dict[str, Guard] = {}
    for rule in reader.keys():  # noqa: SIM118 - a reader is no mapping
        entry = reader.object(rule)
        found[rule] = (frozenset(entry.texts("kinds")), frozenset(entry.texts("subjects")))
        entry.done()
    return found


def main_module(index: Json, revision: str) -> str:
    """Return `safety/main.rego`: the union of all rules' hits, each behind its guard, and the revision they are of."""
    lines = ["# Generated from the rules; not to be edited.", "package safety", "", "import rego.v1", ""]
    lines += [f'answer := {{"hits": hits, "revision": {json.dumps(revision)}}}', ""]
    lines += ["hits contains hit if some hit in set()", ""]
    for rule, guard in sorted(read_index(index).items()):
        lines += [*_clause(rule, guard), ""]
    return "\n".join(lines)


def _clause(rule: str, guard: Guard) -> list[str]:
    kinds, subjects = guard
    lines = [f'hits contains {{"rule": "{rule}", "level": hit.level, "reason": hit.reason}} if {{']
    if kinds or subjects:
        lines.append("\tsome action in input.actions")
    lines += [
        f"\taction.{field} in {_set(words)}" for field, words in (("kind", kinds), ("subject", subjects)) if words
    ]
    return [*lines, f"\tsome hit in data.safety.rules.{rule}.hits", "}"]


def _set(words: frozenset[str]) -> str:
    return "{" + ", ".join(json.dumps(word) for word in sorted(words)) + "}"


class RuleIndex:
    """The table turned round: from what a call does to the rules that must be asked."""

    __slots__ = ("_always", "_by_kind", "_by_subject")

    def __init__(self, guards: Mapping[str, Guard]) -> None:
        self._always: list[str] = []
        self._by_kind: dict[str, list[str]] = {}
        self._by_subject: dict[str, list[tuple[frozenset[str], str]]] = {}
        for rule, (kinds, subjects) in guards.items():
            for subject in subjects:
                self._by_subject.setdefault(subject, []).append((kinds, rule))
            if not subjects:
                for kind in kinds:
                    self._by_kind.setdefault(kind, []).append(rule)
                if not kinds:
                    self._always.append(rule)

    def candidates(self, actions: Iterable[tuple[str, str]]) -> Sequence[str]:
        """Return the rules to ask about a call with these actions (kind, subject), each once, in a stable order."""
        found = set(self._always)
        for kind, subject in actions:
            found.update(self._by_kind.get(kind, ()))
            found.update(rule for kinds, rule in self._by_subject.get(subject, ()) if not kinds or kind in kinds)
        return sorted(found)
