"""Which tasks there are, how often each comes round, and their running beside the calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from proxy.background.approvals import Inbox, Outbox, Sweep
from proxy.background.audit import AGAIN_SECONDS as READ_AGAIN_SECONDS
from proxy.background.audit import read_through
from proxy.background.heartbeat import Heart
from proxy.background.hints import Hints, soon
from proxy.background.orders import Orders
from proxy.background.pace import Pace
from proxy.background.policy import PolicySync
from proxy.background.sight import Sight
from proxy.background.usage import UsageFlush
from proxy.calls.changes import Changes
from proxy.calls.grants import Grants
from proxy.calls.outward import Outward
from proxy.canaries import AGAIN_SECONDS
from proxy.force import InForce
from proxy.settings import HubSettings
from safety_core.edge.hub import HubClient
from safety_core.edge.order_log import OrderLog
from safety_core.edge.standing import StandingStore
from safety_core.wire.hints import FEED, ORDERS, POLICY

SWEEP_SECONDS: Final = 60.0
"""Between two looks for questions that ran out of time; they have a day."""

OUTBOX_SECONDS: Final = 30.0
"""Between two looks for unsent questions; a new one is sent at once."""


def planned(
    settings: HubSettings,
    hub: HubClient | None,
    sight: Sight,
    in_force: InForce,
    sync: PolicySync,
    log: OrderLog,
    changes: Changes,
) -> tuple[Pace, ...]:
    """Return the tasks; without a hub only those that need none. `changes`: takes up what approvers say of calls."""
    services = sight.services
    outward = Outward(StandingStore(services.approvals.database, services.approvals.news), services.audit, in_force)
    sweep = Pace("approvals: expiry", Sweep(services.approvals, outward).expire, SWEEP_SECONDS)
    canaries = services.secrets.canaries
    alarm = Pace("canaries", canaries.record, AGAIN_SECONDS, canaries.rung)
    whole = Pace("audit: whole", partial(read_through, services.audit), READ_AGAIN_SECONDS)
    if hub is None:
        return (sweep, alarm, whole)
    grants = Grants(services.approvals, services.audit, in_force)
    hints = Hints(hub)
    outbox = Outbox(services.approvals, outward.standing, hub, services.secrets.scrub)
    inbox = Inbox(services.approvals, grants, changes, outward, hub)
    heart = Heart(hub, services, in_force, sight=sight)
    orders = Orders(hub, log, sight, in_force, sync.pull, heart.beat, settings.doctor)
    return (
        sweep,
        alarm,
        whole,
        Pace("hints", hints.follow, soon),
        Pace("policy", sync.pull, hints.every(settings.bundle_poll), hints.of(POLICY)),
        Pace("approvals: questions", outbox.send, OUTBOX_SECONDS, services.approvals.news),
        Pace("approvals: answers", inbox.receive, hints.every(settings.decisions_poll), hints.of(FEED)),
        Pace("usage", UsageFlush(services.usage, hub).flush, settings.usage_flush),
        Pace("heartbeat", heart.beat, settings.heartbeat),
        Pace("orders", orders.receive, hints.every(settings.orders), hints.of(ORDERS, services.ordered)),
        Pace("orders: long", orders.work_off, settings.orders, orders.more),
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
