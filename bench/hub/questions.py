"""Approvals created and decided through real HTTP, by many edges and their approvers at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from bench.figure import Figure
from bench.hub.stage import DATABASES, on
from safety_core.canonical import canonical_bytes
from safety_core.wire.approvals import request_to_json
from tests.simulators.hub import question
from tests.simulators.hub_process import HubProcess, names
from tests.simulators.hub_requests import Line, borne, signed
from tests.simulators.killing import ROOM

SECTION = "The hub"
ASKERS = 64
SECONDS = 8.0
GOALS = {"SQLite": 150.0, "PostgreSQL": 300.0}


def figures() -> Iterator[Figure]:
    """Yield how many approvals a second one hub process takes, from the question to the answer."""
    for database in DATABASES:
        with on(database) as hub:
            hub.given = ROOM
            hub.prepare(names(ASKERS))
            hub.start()
            rate = asyncio.run(asked(hub, SECONDS))
        title = f"approvals created and decided per second, {database}"
        note = f"{ASKERS} edges and their approvers at once, one hub process, each answer on the disk"
        name = f"hub_approvals_{database.lower()}"
        yield Figure(SECTION, name, title, rate, "/s", GOALS[database], more=True, note=note)


async def asked(hub: HubProcess, seconds: float) -> float:
    """Return how many a second were created and decided within so many seconds."""
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_asker(hub, tenant, began + seconds)) for tenant in hub.tokens]
    return sum(task.result() for task in tasks) / (time.perf_counter() - began)


async def _asker(hub: HubProcess, tenant: str, end: float) -> int:
    done = 0
    async with Line(hub.port) as edge, Line(hub.port) as approver:
        while time.perf_counter() < end:
            asked = question(tenant, now=time.time())
            raw = canonical_bytes(request_to_json(asked))
            status, _ = await edge.ask(signed("POST", "/v1/approvals", tenant, raw))
            assert status == 201, status
            path = f"/v1/approvals/{asked.id}/decision"
            status, said = await approver.ask(borne("POST", path, hub.tokens[tenant], b'{"allow":true}'))
            assert (status, said["state"]) == (200, "granted"), said
            done += 1
    return done
