"""What the edge has witnessed of agents' runs, durable: which turns were announced, and which calls were decided.

A call that a conversation still brings up is kept: what is old is what no request has mentioned for long. What a power
cut takes costs little: the machine's agents end with it too, and at worst one of their conversations must begin anew.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from safety_core.edge.database import Database
from safety_core.edge.seen import Seen, open_seen
from safety_core.model.tool_call import AgentId

TURN_SECONDS: Final = 48 * 3600.0
"""How long a turn may go on after it was announced: two days, over which a person may sleep on an approval."""

CALL_SECONDS: Final = 90 * 86400.0
"""How long a call is remembered after it was last mentioned: a conversation may rest for a holiday."""

TURNS: Final = 20_000
CALLS: Final = 300_000
"""How many spellings are kept at most, two or three for a call; the oldest go first. A busy agent makes a few thousand
calls a day."""

FRESH_SECONDS: Final = 86400.0
"""A call that is mentioned is written down anew once a day, not with every request."""


class WitnessStore:
    """What was witnessed, in one SQLite file; the file may be that of the approval cache."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._announced = Seen(database, "announced", TURN_SECONDS, TURNS)
        self._decided = Seen(database, "decided", CALL_SECONDS, CALLS)

    @classmethod
    async def open(cls, path: Path) -> WitnessStore:
        """Open or make the file. Raises UnavailableError."""
        return cls(await open_seen(path, "announced", "decided"))

    async def aclose(self) -> None:
        """Close the file."""
        await self._database.aclose()

    async def announce(self, agent: AgentId, trace: str, now: float) -> None:
        """Note that a turn of `agent` comes under this trace id. Raises UnavailableError."""
        await self._announced.note([(agent, trace)], now)

    async def announced(self, agent: AgentId, trace: str, now: float) -> bool:
        """Tell whether the turn was announced, and not too long ago. Raises UnavailableError."""
        at = (await self._announced.times([(agent, trace)])).get((agent, trace))
        return at is not None and at >= now - TURN_SECONDS

    async def decide(self, agent: AgentId, spellings: Collection[str], now: float) -> None:
        """Note that a call of `agent` under these spellings of its id is being decided. Raises UnavailableError."""
        await self._decided.note([(agent, spelling) for spelling in spellings], now)

    async def decided(self, agent: AgentId, spellings: Collection[str], now: float) -> frozenset[str]:
        """Return those of `spellings` whose calls were decided, and keep them for another while.

        Raises:
            UnavailableError: it cannot be looked up.
        """
        known = await self._decided.times([(agent, spelling) for spelling in spellings])
        aging = [name for name, at in known.items() if at < now - FRESH_SECONDS]
        if aging:
            await self._decided.note(aging, now)
        return frozenset(spelling for _, spelling in known)
