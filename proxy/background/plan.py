"""Which tasks there are, how often each comes round, and their running beside the calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from proxy.background.approvals import Inbox, Outbox, Sweep
from proxy.background.heartbeat import Heart
from proxy.background.pace import Pace
from proxy.background.policy import PolicySync
from proxy.background.usage import UsageFlush
from proxy.calls.grants import Grants
from proxy.effects import Services
from proxy.force import InForce
from proxy.settings import HubSettings
from safety_core.edge.hub import HubClient

SWEEP_SECONDS: Final = 60.0
"""Between two looks for questions that ran out of time; they have a day."""

OUTBOX_SECONDS: Final = 30.0
"""Between two looks for unsent questions; a new one is sent at once."""

POLL_SECONDS: Final = 0.05
"""Between two long polls, so that a hub that answers at once is not asked without a pause."""


def planned(
    settings: HubSettings, hub: HubClient | None, services: Services, in_force: InForce, sync: PolicySync
) -> tuple[Pace, ...]:
    """Return the tasks; without a hub only those that need none."""
    sweep = Pace("approvals: expiry", Sweep(services.approvals).expire, SWEEP_SECONDS)
    if hub is None:
        return (sweep,)
    grants = Grants(services.approvals, services.audit, in_force)
    inbox = Inbox(services.approvals, grants, hub, settings.decisions_wait)
    return (
        sweep,
        Pace("policy", sync.pull, settings.bundle_poll),
        Pace("approvals: questions", Outbox(services.approvals, hub).send, OUTBOX_SECONDS, services.asked),
        Pace("approvals: answers", inbox.receive, POLL_SECONDS),
        Pace("usage", UsageFlush(services.usage, hub).flush, settings.usage_flush),
        Pace("heartbeat", Heart(hub, services, in_force).beat, settings.heartbeat),
    )


@asynccontextmanager
async def going_on(paces: Sequence[Pace]) -> AsyncGenerator[None, None]:
    """Run the tasks until the block ends."""
    tasks = [asyncio.create_task(pace.run(), name=pace.name) for pace in paces]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
