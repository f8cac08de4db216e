"""`python -m bench.hub.kill 200`: kill a hub so often, at random moments under load, and count what went wrong."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from bench.figure import Figure
from bench.hub.stage import on
from tests.simulators.hub_process import names
from tests.simulators.killing import ROOM, Outcome, killed

SECTION = "The hub"
KILLS = 40
"""Of a run: more take minutes, and `python -m bench.hub.kill 200` counts as many as one likes."""


def counted(kills: int, database: str = "SQLite") -> Outcome:
    """Kill a hub so often; return what came of it."""
    with on(database) as hub:
        hub.given = ROOM
        hub.prepare(names(3))
        hub.start()
        return asyncio.run(killed(hub, kills))


def figures() -> Iterator[Figure]:
    """Yield what was lost, doubled or used twice."""
    outcome = counted(KILLS)
    title = f"lost, doubled or used twice after kill -9 at {outcome.kills} random moments under load"
    note = f"{outcome.questions} questions, {outcome.answers} answers, {outcome.reports} reports of usage; SQLite"
    yield Figure(SECTION, "hub_killed", title, len(outcome.wrong), "", 0, note=note)


if __name__ == "__main__":
    print(json.dumps(asdict(counted(int(sys.argv[1]), *sys.argv[2:]))))
