"""Usage ingested through real HTTP, each message sent twice, as after an answer that was lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from bench.figure import Figure
from bench.hub.stage import DATABASES, on
from safety_core.canonical import canonical_bytes
from safety_core.model.usage import UsageBucket
from safety_core.wire.fleet import BUCKETS, usage_to_json
from tests.simulators.hub import bucket
from tests.simulators.hub_process import HubProcess, names
from tests.simulators.hub_requests import Line, borne, signed

SECTION = "The hub"
TENANTS = 4
MESSAGES = 40
GOALS = {"SQLite": 30_000.0, "PostgreSQL": 8_000.0}
HOUR = 1_800_000_000 // 3600 * 3600


def figures() -> Iterator[Figure]:
    """Yield how many buckets a second one hub process takes in, and whether the totals are exact afterwards."""
    for database in DATABASES:
        with on(database) as hub:
            hub.prepare(names(TENANTS))
            hub.start()
            rate, exact = asyncio.run(reported(hub, MESSAGES))
        title = f"usage buckets ingested per second, {database}"
        note = (
            f"{TENANTS} edges, {BUCKETS} buckets in a message, each sent twice; totals {'exact' if exact else 'WRONG'}"
        )
        name = f"hub_usage_{database.lower()}"
        yield Figure(SECTION, name, title, rate if exact else 0.0, "/s", GOALS[database], more=True, note=note)


async def reported(hub: HubProcess, messages: int) -> tuple[float, bool]:
    """Return how many buckets a second were taken in, and whether each tenant's totals are what was reported last."""
    reports = {tenant: _reports(messages) for tenant in hub.tokens}
    raw = {
        tenant: [canonical_bytes(usage_to_json(report)) for report in sent for _ in range(2)]
        for tenant, sent in reports.items()
    }
    began = time.perf_counter()
    await asyncio.gather(*(_send(hub, tenant, bodies) for tenant, bodies in raw.items()))
    rate = TENANTS * messages * 2 * BUCKETS / (time.perf_counter() - began)
    exact = [await _exact(hub, tenant, sent) for tenant, sent in reports.items()]
    return rate, all(exact)


def _reports(messages: int) -> list[list[UsageBucket]]:
    """Return messages of which every second one brings the buckets of the one before up to date."""
    return [
        [
            bucket(1 + number % 2, 3 + number % 2, hour=HOUR + number // 2 * 3600, model=f"model-{index}")
            for index in range(BUCKETS)
        ]
        for number in range(messages)
    ]


async def _send(hub: HubProcess, tenant: str, bodies: list[bytes]) -> None:
    async with Line(hub.port) as line:
        for body in bodies:
            status, said = await line.ask(signed("POST", "/v1/usage", tenant, body))
            assert (status, said) == (200, {"accepted": BUCKETS}), said


async def _exact(hub: HubProcess, tenant: str, sent: list[list[UsageBucket]]) -> bool:
    newest = {(one.hour, one.model): one.to_json() for report in sent for one in report}
    async with Line(hub.port) as line:
        _, told = await line.ask(borne("GET", f"/v1/usage?since={HOUR}", hub.tokens[tenant]))
    stored = {(one["hour"], one["model"]): one for one in told["buckets"]}
    return stored == newest
