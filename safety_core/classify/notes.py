"""What has been found so far in one call: actions, and what was not understood. Both only grow, and are bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, TypeVar

from safety_core.classify.catalogue import Catalogue
from safety_core.classify.files import NOTHING_WRITTEN, Files, Written
from safety_core.model.facts import Action, Kind, Target

MOST_ACTIONS: Final = 200
"""A call with more effects than a person could read is not understood whole."""

MOST_COMMANDS: Final = 500
"""Simple commands that are followed in one call, loops and functions unrolled."""

MOST_STEPS: Final = 20_000
"""Nodes of syntax trees that are visited for one call."""

MOST_DOUBTS: Final = 20
"""Reasons that are kept of one call: one makes it yellow, and more than these nobody reads."""

NOT_FOLLOWED: Final = Action(
    Kind.RUN_CODE, "script", "script", (), frozenset({"evasive"}), "runs more than can be followed"
)

R = TypeVar("R")


class Watch(Protocol):
    """Looks on while a call is read, for whoever wants to know why (`safety_core.classify.trace`)."""

    def command(self, words: Sequence[str], traits: frozenset[str], judged: Callable[[], R]) -> R:
        """Return what `judged` returns, which notes what the simple command `words` does."""


class Notes:
    """Collects facts about one call."""

    watch: Watch | None = None

    def __init__(self, catalogue: Catalogue, workspace: str, written: Written = NOTHING_WRITTEN) -> None:
        self.catalogue = catalogue
        self.workspace = workspace
        self.actions: dict[Action, None] = {}
        self.unknown: dict[str, None] = {}
        self.files = Files(written)
        self._commands = 0
        self._steps = 0

    def act(self, action: Action) -> None:
        """Note an effect. One that finds no room may be the gravest: then the call counts as not followed."""
        if len(self.actions) < MOST_ACTIONS or action == NOT_FOLLOWED:
            self.actions[action] = None
        elif action not in self.actions:
            self.give_up("more effects than can be listed")

    def doubt(self, reason: str) -> None:
        """Note what was not understood."""
        if len(self.unknown) < MOST_DOUBTS:
            self.unknown[reason[:200]] = None

    def note(
        self, kind: Kind, form: str, words: str, targets: Iterable[Target] = (), traits: Iterable[str] = ()
    ) -> None:
        """Note an effect by its parts; the subject is the first word of `form`."""
        self.act(Action(kind, form.partition(" ")[0], form, tuple(targets), frozenset(traits), words))

    def spend(self) -> bool:
        """Take one command from the budget; False, with a doubt, where it is used up."""
        self._commands += 1
        if self._commands > MOST_COMMANDS:
            self.give_up("more commands than can be followed")
        return self._commands <= MOST_COMMANDS

    def step(self) -> bool:
        """Take one step through a syntax tree from the budget."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            self.give_up("loops in loops, too many to be followed")
        return self._steps <= MOST_STEPS

    def give_up(self, reason: str) -> None:
        """Note that something was not followed to its end, which may be what its author wanted.

        There is room for this however much was noted before.
        """
        self.doubt(reason)
        self.unknown[reason] = None
        self.act(NOT_FOLLOWED)
