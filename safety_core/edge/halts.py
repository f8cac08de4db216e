"""The kill switches that are thrown, durable: an edge that is started again is halted still."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.edge.database import Database
from safety_core.model.tool_call import AgentId

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS halt (agent TEXT PRIMARY KEY, since REAL NOT NULL, reason TEXT NOT NULL) STRICT
"""


@dataclass(frozen=True, slots=True)
class Halted:
    """One kill switch that is thrown. `since`: seconds since the epoch."""

    agent: AgentId
    since: float
    reason: str


class HaltStore:
    """Kill switches in one SQLite file; the file may be that of the approval cache."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path) -> HaltStore:
        """Open or make the file. Raises UnavailableError."""
        return cls(Database(path, SCHEMA))

    async def aclose(self) -> None:
        """Close the file."""
        await self._database.aclose()

    async def all(self) -> tuple[Halted, ...]:
        """Return what is thrown, by agent."""
        rows = await self._database.read(
            lambda db: db.execute("SELECT agent, since, reason FROM halt ORDER BY agent").fetchall()
        )
        return tuple(Halted(AgentId(agent), since, reason) for agent, since, reason in rows)

    async def throw(self, halted: Halted) -> None:
        """Halt an agent; one that is halted already gets the new reason."""
        put = """INSERT INTO halt VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET reason = excluded.reason"""
        await self._database.write(lambda db: db.execute(put, (halted.agent, halted.since, halted.reason)))

    async def take_back(self, agent: AgentId) -> None:
        """Let an agent go on."""
        await self._database.write(lambda db: db.execute("DELETE FROM halt WHERE agent = ?", (agent,)))
