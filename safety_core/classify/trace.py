"""How a call was read: its tree of commands, each with what it was taken for and what it was found to do.

For people who ask why (`safety policy explain`), and for counting which entries of a catalogue anything uses. The facts
that are judged are those of `facts`; this reads the call once more and looks on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar

from safety_core.canonical import Json, JsonObject
from safety_core.classify.catalogue import Catalogue, Spec, compiled
from safety_core.classify.files import NOTHING_WRITTEN, Written
from safety_core.classify.hints import tighten
from safety_core.classify.notes import Notes
from safety_core.classify.shell.options import Invocation, read
from safety_core.classify.shell.words import Word
from safety_core.classify.tools import judge_tool
from safety_core.model.facts import Action
from safety_core.model.tool_call import Hint

R = TypeVar("R")

MOST_STEPS: Final = 200
"""Commands that are kept of one call: more, nobody reads."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option that was given. `meaning` is its spec as the catalogue writes it; `listed`: the entry knows it."""

    name: str
    value: str
    meaning: str
    listed: bool


@dataclass(slots=True)
class Step:
    """One command, or the tool itself at the root.

    Attributes:
        words: the command's words, after quotes, variables and wrappers are gone.
        entry: the catalogue's entry with the subcommand ("git push"), empty where none lists it.
        program: the name under which the entry is listed ("git").
        inherited: traits that hold for everything in here ("privileged").
        actions, unknown: what this command itself does, without those inside of it.
        inside: the commands that it starts.
    """

    words: tuple[str, ...]
    program: str = ""
    entry: str = ""
    options: tuple[Option, ...] = ()
    operands: tuple[str, ...] = ()
    inherited: frozenset[str] = frozenset()
    actions: list[Action] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    inside: list[Step] = field(default_factory=list)

    def walk(self) -> Iterator[Step]:
        """Yield this step and all inside of it, in the order in which they would run."""
        yield self
        for step in self.inside:
            yield from step.walk()

    def to_json(self) -> JsonObject:
        """Return the step and all inside of it as a document."""
        options: list[Json] = [
            {"name": option.name, "value": option.value, "meaning": option.meaning, "listed": option.listed}
            for option in self.options
        ]
        return {
            "words": [*self.words],
            "entry": self.entry,
            "options": options,
            "operands": [*self.operands],
            "actions": [action.to_json() for action in self.actions],
            "unknown": [*self.unknown],
            "inside": [step.to_json() for step in self.inside],
        }


class _Looking(Notes):
    """Notes that remember during which command each of them was made."""

    def __init__(self, catalogue: Catalogue, workspace: str, root: Step, written: Written) -> None:
        super().__init__(catalogue, workspace, written)
        self.watch = self
        self._open = [root]
        self._kept = 0

    def act(self, action: Action) -> None:
        """Note an effect, of the command at hand."""
        if action not in self._open[-1].actions:
            self._open[-1].actions.append(action)
        super().act(action)

    def doubt(self, reason: str) -> None:
        """Note what was not understood, at the command at hand."""
        if reason not in self._open[-1].unknown:
            self._open[-1].unknown.append(reason)
        super().doubt(reason)

    def command(self, words: Sequence[str], traits: frozenset[str], judged: Callable[[], R]) -> R:
        """Open a step, have the command judged, and close it. One that was there before, in a loop, stands once."""
        step = _step(words, traits, self.catalogue)
        self._open.append(step)
        try:
            return judged()
        finally:
            self._open.pop()
            self._kept += 1
            if step not in self._open[-1].inside and self._kept <= MOST_STEPS:
                self._open[-1].inside.append(step)


def trace(
    tool: str,
    params: JsonObject,
    catalogue: JsonObject,
    workspace: str,
    written: Written = NOTHING_WRITTEN,
    hints: frozenset[Hint] = frozenset(),
) -> Step:
    """Return how the call was read; the root is the tool itself. Takes what `read_call` takes, and never raises."""
    root = Step((tool,))
    notes = _Looking(compiled(catalogue), workspace, root, written)
    with suppress(RecursionError):
        root.entry = judge_tool(notes, tool, params)
    tighten(notes, root.entry or tool, hints)
    return root


def _step(words: Sequence[str], traits: frozenset[str], catalogue: Catalogue) -> Step:
    base = words[0].rpartition("/")[2]
    entry = catalogue.program(base.lower() if base.isupper() else base)
    if entry is None:
        return Step(tuple(words), inherited=traits)
    found = read(entry, [Word(word) for word in words[1:]], catalogue.options(entry))
    return Step(
        tuple(words),
        entry.name,
        found.entry.name,
        tuple(_options(found)),
        tuple(word.text for word in found.operands),
        traits,
    )


def _options(found: Invocation) -> Iterator[Option]:
    for name, spec, value in found.options:
        yield Option(name, value.text if value else "", spelt(spec), name in found.entry.options)


def spelt(spec: Spec) -> str:
    """Return a spec as the catalogue writes it."""
    effect = "dry" if spec.dry else spec.kind.value if spec.kind else ""
    return effect + "".join(f"+{trait}" for trait in sorted(spec.traits)) + (f"={spec.takes}" if spec.takes else "")
