"""The hub is killed at random moments under load: nothing that it acknowledged is lost, doubled or used twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulators.hub_process import HubProcess
from tests.simulators.killing import ROOM, killed

KILLS = {"sqlite": 20, "postgresql": 6}


async def test_nothing_acknowledged_is_lost_doubled_or_used_twice(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    hub = HubProcess(tmp_path / "hub", database_url, given=ROOM)
    await hub.let_in(["acme", "bravo"])
    hub.start()
    try:
        outcome = await killed(hub, KILLS[request.node.callspec.params["database_url"]])
    finally:
        hub.kill()
    assert outcome.wrong == ()
    assert outcome.answers > 0
