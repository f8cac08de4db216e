"""What can become of a release. What is not in the table cannot happen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from hub.errors import ConflictError


class State(StrEnum):
    """Where a release stands."""

    STAGING = "staging"
    """Publications come in."""
    RUNNING = "running"
    HALTED = "halted"
    DONE = "done"
    ABANDONED = "abandoned"
    """What has its publication keeps it; nobody else gets one."""


class Action(StrEnum):
    """What a person may do with it."""

    START = "start"
    HALT = "halt"
    RESUME = "resume"
    PROMOTE = "promote"
    """The next wave now, whatever is left of this one's soak."""
    ABANDON = "abandon"


TABLE: Final[Mapping[tuple[State, Action], State]] = {
    (State.STAGING, Action.START): State.RUNNING,
    (State.STAGING, Action.ABANDON): State.ABANDONED,
    (State.RUNNING, Action.HALT): State.HALTED,
    (State.RUNNING, Action.PROMOTE): State.RUNNING,
    (State.RUNNING, Action.ABANDON): State.ABANDONED,
    (State.HALTED, Action.RESUME): State.RUNNING,
    (State.HALTED, Action.ABANDON): State.ABANDONED,
}

OPEN: Final = frozenset({State.STAGING, State.RUNNING, State.HALTED})


def possible(state: State) -> tuple[Action, ...]:
    """Return what may be done with a release in this state, in the order of `Action`."""
    return tuple(action for action in Action if (state, action) in TABLE)


def after(state: State, action: Action) -> State:
    """Return the state that follows. Raises ConflictError where this cannot be done now."""
    following = TABLE.get((state, action))
    if following is None:
        words = ", ".join(possible(state)) or "nothing any more"
        raise ConflictError("release", f"is {state.value}", f"what can be done with it: {words}")
    return following


class Place(StrEnum):
    """Where one tenant's publication stands."""

    STAGED = "staged"
    PLACED = "placed"
    FAILED = "failed"
    """It cannot be put into the repository: something else was published there in the meantime."""
