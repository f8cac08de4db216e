"""The kill switches that are thrown, durable: an edge that is started again is halted still."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from safety_core.edge.database import Database
from safety_core.model.tool_call import AgentId

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS halt (agent TEXT PRIMARY KEY, since REAL NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS hub_halt (agent TEXT PRIMARY KEY, since REAL NOT NULL, reason TEXT NOT NULL) STRICT
"""


class Hand(StrEnum):
    """Who has thrown a switch: a person on this machine, or the hub by an order. The hub takes back its own alone."""

    PERSON = "person"
    HUB = "hub"


_TABLES: Final = {Hand.PERSON: "halt", Hand.HUB: "hub_halt"}
_ALL: Final = """
SELECT agent, since, reason, 'person' AS hand FROM halt
UNION ALL SELECT agent, since, reason, 'hub' AS hand FROM hub_halt ORDER BY agent, hand DESC
"""
_PUT: Final = "INSERT INTO {table} VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET reason = excluded.reason"
_DELETE: Final = "DELETE FROM {table} WHERE agent = ?"


@dataclass(frozen=True, slots=True)
class Halted:
    """One kill switch that is thrown. `since`: seconds since the epoch."""

    agent: AgentId
    since: float
    reason: str
    by: Hand = Hand.PERSON


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
        """Return what is thrown, by agent; people's first."""
        rows = await self._database.read(lambda db: db.execute(_ALL).fetchall())
        return tuple(Halted(AgentId(agent), since, reason, Hand(by)) for agent, since, reason, by in rows)

    async def throw(self, halted: Halted) -> None:
        """Halt an agent; one that is halted already by the same hand gets the new reason."""
        put = _PUT.format(table=_TABLES[halted.by])
        await self._database.write(lambda db: db.execute(put, (halted.agent, halted.since, halted.reason)))

    async def take_back(self, agent: AgentId, by: Hand = Hand.PERSON) -> None:
        """Take back what this hand has thrown."""
        delete = _DELETE.format(table=_TABLES[by])
        await self._database.write(lambda db: db.execute(delete, (agent,)))
