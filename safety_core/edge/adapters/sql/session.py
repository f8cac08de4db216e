"""What an engine can do, and how its faults are told."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from safety_core.canonical import Json
from safety_core.edge.adapters.sql.rows import Rows

QUOTED: Final = 300
"""Characters of a server's error that are told."""


class FaultError(Exception):
    """The database did not do as it was asked.

    Attributes:
        reason: what happened, in words that hold nothing of the call.
        said: the server's own words, which may quote a parameter.
        fix: what to do.
        lost: nobody answered: the line was cut, or the time was over.
        duplicate: a row with that key is there.
        missing: there is no such table.
    """

    def __init__(
        self, reason: str, *, said: str = "", fix: str = "", lost: bool = False, code: str = "", engine: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.said = " ".join(said.split())[:QUOTED]
        self.fix = fix
        self.lost = lost
        self.duplicate = code in {"23505", "1062", "SQLITE_CONSTRAINT_PRIMARYKEY"}
        self.missing = code in {"42P01", "1146"} or (engine == "sqlite" and "no such table" in said)


@dataclass(frozen=True, slots=True)
class Deadline:
    """When the operation has to be over, by the machine's own clock."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the one that leaves the child time to say what happened."""
        return cls(time.monotonic() + seconds - min(2.0, seconds * 0.2))

    @property
    def left(self) -> float:
        """Seconds, never less than a moment: a limit of none would mean no limit to some."""
        return max(self.at - time.monotonic(), 0.01)

    @property
    def over(self) -> bool:
        """Tell whether the time is up."""
        return time.monotonic() >= self.at


class Session(Protocol):
    """One connection to one database. Every method but `close` raises FaultError."""

    explains: str
    """What stands in front of a statement that is to be explained."""

    explains_reading: bool
    """It explains changes in a transaction that only reads, too; else in one that is taken back."""

    acts_table: str
    """How the table of finished acts is made; {} is its name."""

    def mark(self, number: int) -> str:
        """Return the mark of the parameter with that number, from 1."""

    def commits_itself(self, statement: str) -> bool:
        """Tell whether the engine ends the transaction before this statement, whatever one wants."""

    async def begin(self, *, read_only: bool) -> None:
        """Begin a transaction."""

    async def run(self, statement: str, values: Sequence[Json], rows: Rows) -> int:
        """Carry out one statement; put what it returns into `rows`. Returns the rows it changed, -1 for unknown."""

    async def commit(self) -> None:
        """End the transaction."""

    async def rollback(self) -> None:
        """Take it back."""

    async def schema(self, table: str, rows: Rows) -> None:
        """Put table, column, type, whether it may be null, and the place in the primary key (0: none) into `rows`."""

    async def describe(self) -> str:
        """Return the server's name and version."""

    async def close(self) -> None:
        """End it. Never raises, and waits for nobody."""
