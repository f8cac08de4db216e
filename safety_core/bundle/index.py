"""Which rules can concern a call, so that cost stays flat while rules grow.

A rule may promise in its METADATA that it only fires for actions of certain kinds or subjects. The promise
becomes a guard: here for the embedded engine, which then asks only the rules that are left, and in the
generated `safety/main.rego` for every other engine, which looks them up in the same way. Both are made from the same
table, data.index: {rule id: {"kinds": [...], "subjects": [...]}}, empty lists meaning anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, Final, TypeAlias

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


_MAIN: Final = """\
# Generated from the rules; not to be edited.
package safety

import rego.v1

answer := {{"hits": hits, "revision": {revision}}} if {{
	every rule in asked {{
		data.safety.rules[rule].hits
	}}
}}

fingerprint := {fingerprint}

hits contains {{"rule": rule, "level": hit.level, "reason": hit.reason}} if {{
	some rule in asked
	some hit in data.safety.rules[rule].hits
}}

asked contains rule if some rule in always

asked contains rule if {{
	some action in input.actions
	some rule in by_kind[action.kind]
}}

asked contains rule if {{
	some action in input.actions
	some rule in by_subject[action.subject]
}}

asked contains rule if {{
	some action in input.actions
	some rule in by_both[action.subject][action.kind]
}}

always := {always}

by_kind := {by_kind}

by_subject := {by_subject}

by_both := {by_both}
"""


def main_module(index: Json, revision: str, fingerprint: str) -> str:
    """Return `safety/main.rego`: the hits of all rules that a call can concern, and the revision they are of.

    There is no answer where one of these rules is missing.

    Args:
        fingerprint: of all that decides: see `contents.fingerprint`.
    """
    rules = RuleIndex(read_index(index))
    both: dict[str, dict[str, list[str]]] = {}
    for (kind, subject), listed in sorted(rules.by_both.items()):
        both.setdefault(subject, {})[kind] = listed
    return _MAIN.format(
        revision=json.dumps(revision),
        fingerprint=json.dumps(fingerprint),
        always=_literal(rules.always),
        by_kind=_table(rules.by_kind),
        by_subject=_table(rules.by_subject),
        by_both=_table(both),
    )


def _table(entries: Mapping[str, Any]) -> str:
    """Write a table, a line for each entry; it is never empty, since some engines refuse to look into such a one."""
    lines = [f"\t{json.dumps(key)}: {_literal(entries[key])}," for key in sorted(entries)] or ['\t"": [],']
    return "\n".join(["{", *lines, "}"])


def _literal(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


class RuleIndex:
    """The table turned round: from what a call does to the rules that must be asked.

    Attributes:
        always: rules that can concern any call.
        by_kind, by_subject: rules that are guarded by one of them alone.
        by_both: rules that are guarded by both, by kind and subject.
    """

    __slots__ = ("always", "by_both", "by_kind", "by_subject")

    def __init__(self, guards: Mapping[str, Guard]) -> None:
        self.always: list[str] = []
        self.by_kind: dict[str, list[str]] = {}
        self.by_subject: dict[str, list[str]] = {}
        self.by_both: dict[tuple[str, str], list[str]] = {}
        for rule, (kinds, subjects) in sorted(guards.items()):
            if not kinds and not subjects:
                self.always.append(rule)
            for kind in kinds if not subjects else ():
                self.by_kind.setdefault(kind, []).append(rule)
            for subject in subjects if not kinds else ():
                self.by_subject.setdefault(subject, []).append(rule)
            for pair in product(kinds, subjects):
                self.by_both.setdefault(pair, []).append(rule)

    def candidates(self, actions: Iterable[tuple[str, str]]) -> Sequence[str]:
        """Return the rules to ask about a call with these actions (kind, subject), each once, in a stable order."""
        found = set(self.always)
        for kind, subject in actions:
            found.update(self.by_kind.get(kind, ()))
            found.update(self.by_subject.get(subject, ()))
            found.update(self.by_both.get((kind, subject), ()))
        return sorted(found)
