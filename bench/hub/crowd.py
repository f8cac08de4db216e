"""Ten thousand edges that listen to one hub process: what each keeps in memory, and how soon all have heard.

The word comes from another process of the hub, by way of the database, as when a policy is published there.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Iterator

from bench.figure import Figure
from bench.hub.stage import on
from bench.memory import resident
from hub.bus import Bus, Topic
from hub.store.engine import open_database
from safety_core.model.tool_call import TenantId
from tests.simulators.hub_process import HubProcess, names
from tests.simulators.hub_requests import signed

SECTION = "The hub"
EDGES = 10_000
AT_ONCE = 200
"""How many connect at the same time."""


class Edge(asyncio.Protocol):
    """An edge that listens and notes when it heard."""

    def __init__(self, crowd: Crowd, tenant: str) -> None:
        self._crowd = crowd
        self._tenant = tenant
        self.connected = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(signed("GET", "/v1/events", self._tenant))

    def data_received(self, data: bytes) -> None:
        if b"data:" in data:
            self._crowd.heard.append(time.perf_counter())
        elif b"connected" in data and not self.connected.done():
            self.connected.set_result(None)

    def connection_lost(self, _error: Exception | None) -> None:
        self._crowd.lost += 1


class Crowd:
    """All of them, in this process."""

    def __init__(self) -> None:
        self.edges: list[Edge] = []
        self.heard: list[float] = []
        self.lost = 0

    async def come(self, port: int, tenants: list[str]) -> None:
        """Connect one edge of each tenant."""
        gate = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._connect(gate, port, tenant) for tenant in tenants))

    async def _connect(self, gate: asyncio.Semaphore, port: int, tenant: str) -> None:
        async with gate:
            _, edge = await asyncio.get_running_loop().create_connection(lambda: Edge(self, tenant), "127.0.0.1", port)
            self.edges.append(edge)
            await edge.connected

    async def all_told(self, hub: HubProcess) -> list[float]:
        """Tell all of them from another process of the hub; return after how many seconds each one heard, sorted."""
        self.heard.clear()
        database, bus = open_database(hub.database), Bus()
        async with bus.relayed(database):
            await asyncio.sleep(2.0)  # until it stands
            began = time.perf_counter()
            for edge in self.edges:
                bus.ring(TenantId(edge._tenant), Topic.POLICY)
            while len(self.heard) < len(self.edges) and time.perf_counter() < began + 30:  # noqa: ASYNC110 - a count
                await asyncio.sleep(0.01)
        await database.close()
        return sorted(at - began for at in self.heard)


def figures() -> Iterator[Figure]:
    """Yield how many edges one process holds, how much memory each takes, and how soon all have heard."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, EDGES * 2)), hard))
    with on("PostgreSQL") as hub:
        hub.prepare(names(EDGES), approvers=False)
        hub.start()
        held, kib, seconds = asyncio.run(_measured(hub, names(EDGES)))
    yield Figure(
        SECTION,
        "hub_edges",
        "edges that listen to one hub process",
        held,
        "",
        10_000,
        more=True,
        note=f"{EDGES:,} were asked for, each of a tenant of its own",
    )
    yield Figure(
        SECTION, "hub_edge_memory", "memory of an idle edge's stream", kib, "KiB", 20.0, note="resident, over all"
    )
    title = f"published -> all {EDGES:,} edges told, 99 of 100 within"
    p99 = seconds[len(seconds) * 99 // 100] if len(seconds) == EDGES else None
    note = f"by way of another hub process and PostgreSQL; half within {seconds[len(seconds) // 2]:.2f} s"
    yield Figure(SECTION, "hub_told", title, p99, "s", 1.0, note=note)


async def _measured(hub: HubProcess, tenants: list[str]) -> tuple[int, float, list[float]]:
    crowd = Crowd()
    warm = tenants[: len(tenants) // 100]
    await crowd.come(hub.port, warm)  # what every process needs once is not counted
    before = resident(hub.pid)
    await crowd.come(hub.port, tenants[len(warm) :])
    await asyncio.sleep(3)
    kib = (resident(hub.pid) - before) * 1024 / (len(tenants) - len(warm))
    seconds = await crowd.all_told(hub)
    held = len(crowd.edges) - crowd.lost
    for edge in crowd.edges:
        edge.transport.abort()
    return held, kib, seconds
