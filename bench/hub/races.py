"""A thousand questions, each approved, denied, cancelled and let run out at once by two of the hub's processes.

    python -m bench.hub.races [--races N]

Prints one JSON line for each database: how the races ended, and how many of them had anything but exactly one outcome.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from pathlib import Path

from safety_core.model.tool_call import AgentId, TenantId
from tests.simulators.hub import question, running_hub
from tests.simulators.postgres import binaries, private_cluster
from tests.simulators.races import outcomes, race, second_process


async def run(url: str, folder: Path, races: int) -> dict[str, object]:
    """Return what came of the races on one database."""
    order = random.Random(11)
    async with running_hub(folder, url) as hub, second_process(hub.context, url) as other:
        await hub.edge(TenantId("acme"))
        found = []
        for number in range(races):
            here, there = (hub.context, other) if number % 2 else (other, hub.context)
            found.append(await race(here, there, question(agent=AgentId(f"agent-{number}")), order))
    wrong = sum(not one.is_one for one in found)
    return {"races": races, "outcomes": dict(outcomes(found)), "not exactly one": wrong}


def main() -> None:
    """Run the races on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--races", type=int, default=1000)
    races = parser.parse_args().races
    with tempfile.TemporaryDirectory() as name, private_cluster(binaries()) as cluster:
        folder = Path(name)
        for database, url in (("SQLite", f"sqlite:///{folder / 'hub.db'}"), ("PostgreSQL", cluster.create("races"))):
            told = asyncio.run(run(url, folder / database, races))
            print(json.dumps({"database": database, **told}), flush=True)


if __name__ == "__main__":
    main()
