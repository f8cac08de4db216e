"""Makes the moves of a run, one after the other: on disk, the call, on disk.

Killed anywhere, the run goes on with the move that was under way: the call is made again under its own key, and the
edge does not do it twice. What is between two moves is the disk's, and nobody else's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from safety_core.blueprint.moves import UNCERTAIN, Answer, Call, answered, begun, failed, moved, next_move
from safety_core.blueprint.profile import plan_of
from safety_core.blueprint.run import Act, Run, RunState, resumed
from safety_core.canonical import JsonObject
from safety_core.errors import InputError, UnavailableError

PATIENCE: Final = 30.0
"""Seconds for which a call is made again while the edge is away, or busy with the very same call."""

PAUSE: Final = 0.5
"""Seconds between two tries."""

BUSY: Final = "BusyError"


class Store(Protocol):
    """Where a run is kept."""

    def save(self, run: Run) -> None:
        """Put it on disk as it stands."""


class Asked(Protocol):
    """The edge, as far as a run needs it."""

    def plan(self, plan: JsonObject, wait: float = 0.0) -> JsonObject:
        """Return what becomes of a plan."""

    def run(self, run: Run, call: Call, wait: float = 0.0) -> Answer:
        """Make one call."""

    def over(self, run: Run) -> None:
        """Say that no more calls come."""


class Runner:
    """Runs blueprints.

    Args:
        say: is told of each run after each move.
        wait: seconds for which it waits for people, over all.
        patience: seconds for which it waits for the edge, each time.
    """

    def __init__(
        self,
        store: Store,
        edge: Asked,
        say: Callable[[Run, Act | None], None],
        *,
        wait: float = 0.0,
        patience: float = PATIENCE,
    ) -> None:
        self._store = store
        self._edge = edge
        self._say = say
        self._until = time.monotonic() + wait
        self._patience = patience

    def go(self, run: Run, *, one_by_one: bool = False) -> Run:
        """Take a run as far as it goes by itself, and return it as it stands then.

        Raises:
            UnavailableError: the edge is away. The run stays as it is, and can be resumed.
        """
        if run.state is RunState.ASKING:
            run = run.to(RunState.RUNNING) if one_by_one else self._ask(run)
            self._save(run, None)
        while run.state is RunState.RUNNING:
            run = self._move(run)
            if run.state is RunState.WAITING and self._left() > 0:
                run = resumed(run)
        if run.over:
            self._end(run)
        return run

    def _ask(self, run: Run) -> Run:
        plan = plan_of(run, dry=False)
        while True:
            told = self._edge.plan(plan, self._left())
            run = replace(run, plan=told)
            match told.get("state"):
                case "free" | "granted":
                    return run.to(RunState.RUNNING)
                case "pending" if self._left() > 0:
                    continue
                case "pending":
                    return replace(run, why="the plan: a person is asked")
                case _:
                    return run.to(RunState.REFUSED, str(told.get("reason", "")))

    def _move(self, run: Run) -> Run:
        move = next_move(run)
        if not isinstance(move, Call):
            run = moved(run, move)
            self._save(run, None)
            return run
        run = begun(run, move)
        self._save(run, run.acts[move.act.name])
        try:
            answer = self._patiently(run, move)
        except InputError as error:  # the edge refuses the call as it is written
            run = failed(run, run.acts[move.act.name], str(error))
        else:
            run = answered(run, move, answer)
        self._save(run, run.acts[move.act.name])
        return run

    def _patiently(self, run: Run, call: Call) -> Answer:
        """Make a call, again and again while the edge is away or has the very call under way.

        Where nobody knows whether it came about, it is made once more: by its key the service may tell.
        """
        until, doubts = time.monotonic() + self._patience, 0
        while True:
            try:
                answer = self._edge.run(run, call, self._left())
            except UnavailableError:
                if time.monotonic() >= until:
                    raise
            else:
                doubts += answer.rule == UNCERTAIN
                late = time.monotonic() >= until
                if late or doubts > 1 or answer.rule not in {BUSY, UNCERTAIN}:
                    return answer
            time.sleep(PAUSE)

    def _end(self, run: Run) -> None:
        """An edge that is away forgets the approval when its time is over."""
        try:
            self._edge.over(run)
        except (UnavailableError, InputError):
            return

    def _save(self, run: Run, act: Act | None) -> None:
        self._store.save(run)
        self._say(run, act)

    def _left(self) -> float:
        return max(0.0, self._until - time.monotonic())
