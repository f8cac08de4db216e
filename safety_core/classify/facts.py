"""A tool call -> facts. Never raises on odd input: what is not understood is said, and judged stricter."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.classify.catalogue import compiled
from safety_core.classify.files import NOTHING_WRITTEN, Written
from safety_core.classify.hints import tighten
from safety_core.classify.notes import Notes
from safety_core.classify.readings import Reading, key_of
from safety_core.classify.tools import judge_tool
from safety_core.model.facts import Facts, Kind, TargetKind, Zone
from safety_core.model.secret import DISCOVERED, refs_in, texts_in
from safety_core.model.tool_call import ToolCall

_APART: Final = re.compile(
    r"""
      \$\{[!#]?\w{1,99}(?:\[[^]]{0,99}\])?(?:[#%/^,@]|:(?![-=?+]))   # part of a variable, or its length
    | \$\{\#
    | \bprintf\b[^|;&]{0,400}?%(?!%|-?[0-9]*s|[bq])   # more than a plain %s: cut off, or as numbers
    | \bcase\b.{0,400}?\bin\b                            # compares with patterns
    """,
    re.VERBOSE | re.DOTALL,
)
"""What a shell itself has to take a text apart."""

_LONGEST: Final = 64 * 1024
"""Characters that are looked through for it, in a moment; a longer text with a secret in it counts as one that does."""


def facts_of(call: ToolCall, catalogue: JsonObject, workspace: str, written: Written = NOTHING_WRITTEN) -> Facts:
    """Return what `call` would do: the facts of `read_call` alone."""
    return read_call(call, catalogue, workspace, written).facts


def bare_facts_of(call: ToolCall, catalogue: JsonObject, workspace: str) -> Facts:
    """Return what `call` would do, and keep nothing of it: for a call that may still hold the values of secrets."""
    return _read(call, Notes(compiled(catalogue), workspace)).facts


def read_call(call: ToolCall, catalogue: JsonObject, workspace: str, written: Written = NOTHING_WRITTEN) -> Reading:
    """Return what `call` would do and write. Readings of the last calls are kept with the compiled catalogue.

    Args:
        catalogue: the policy's data about programs and tools.
        workspace: absolute path of the agent's workspace, the base of relative paths.
        written: files that the same session has written before, by absolute path: a script among them is judged by its
            text when it is run.
    """
    rules, key = compiled(catalogue), key_of(call, workspace)
    known = None if key is None else rules.readings.find(key, written)
    if known is not None:
        return known
    notes = Notes(rules, workspace, written)
    reading = _read(call, notes)
    if key is not None:
        rules.readings.keep(key, reading, notes.files, written)
    return reading


def _read(call: ToolCall, notes: Notes) -> Reading:
    try:
        tool = judge_tool(notes, call.tool, call.params)
    except RecursionError:
        notes.give_up("commands inside commands, too deep to be followed")
        tool = call.tool
    tighten(notes, tool, call.hints)
    refs = refs_in(call.params)
    if refs:
        _note_taken_out(notes, tool)
        _note_taken_apart(notes, call.params)
    facts = Facts(
        tool=tool,
        agent=call.agent,
        actions=tuple(notes.actions),
        unknown=tuple(notes.unknown),
        refs=refs,
        discovered=tuple(name for name in refs if name.startswith(DISCOVERED)),
    )
    return Reading(facts, notes.files.written)


def _note_taken_out(notes: Notes, tool: str) -> None:
    """A secret in a call that merely reads from outside goes there too, in the address or in a header."""
    hosts = {target: None for action in notes.actions for target in action.targets if target.kind is TargetKind.HOST}
    outside = [host for host in hosts if host.zone is not Zone.LOCAL]
    if outside and all(action.kind is not Kind.OUTWARD for action in notes.actions):
        notes.note(Kind.OUTWARD, tool, "sends a stored secret to an address", outside)


def _note_taken_apart(notes: Notes, params: JsonObject) -> None:
    """A shell can cut a secret, or compare it, with no program's help."""
    if any(len(text) > _LONGEST or _APART.search(text) for text in texts_in(params)):
        notes.note(Kind.READ, "substring", "takes a text apart")


def shows(seen: Facts, done: Facts) -> bool:
    """Tell whether `seen` has all that `done` does, to targets of the same sort, whatever the targets are called."""
    same_tool, nothing_new = seen.tool == done.tool, len(done.unknown) <= len(seen.unknown)
    return same_tool and nothing_new and _outline(done) <= _outline(seen)


def _outline(facts: Facts) -> Counter[tuple[object, ...]]:
    return Counter(
        (
            action.kind,
            action.subject,
            action.form,
            action.traits,
            tuple((target.kind, target.zone) for target in action.targets),
        )
        for action in facts.actions
    )
