"""From hourly totals to Stripe's meter events: never one too many, and none forgotten.

An hour's total only grows. What is new of it becomes one event, in the transaction that notes how far the total has
become events; its identifier is derived from the part that it counts. It is sent until the answer is known, and Stripe
counts an identifier once, for at least a day. An event whose answer is not known after that time is not sent again: it
might count twice. It is `unsure`, and a person looks it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hub.alerts import raise_alert
from hub.billing.meters import meters_from, units
from hub.billing.stripe_api import Answer, Stripe, stripe_from
from hub.context import Context
from hub.store import billing
from hub.store.alerts import Alert
from hub.store.billing import Account, Meter, MeterEvent, Row
from safety_core.canonical import digest

AGE: Final = 35 * 24 * 3600
"""Older events Stripe refuses."""

SETTLED: Final = 2 * 3600
"""Seconds from the start of an hour until its total is exported: most edges have reported all of it by then."""

SURE: Final = 23 * 3600
"""How long after the first attempt Stripe still knows an identifier for certain."""

LEASE: Final = 120.0
BATCH: Final = 100
LONGEST_PAUSE: Final = 3600.0


async def export(context: Context) -> None:
    """Make the events that are due, and send them; nothing happens where no key is configured."""
    if not context.settings.stripe_key_file:
        return
    names = meters_from(context.settings.stripe_meters)
    await make(context, names)
    await send(context, stripe_from(context.settings, names))


async def make(context: Context, meters: Iterable[Meter]) -> int:
    """Turn what is new in the totals of every account with a customer into events; return how many."""
    now, made = context.clock(), 0
    async with context.database.read() as connection:
        accounts = [account for account in await billing.all_accounts(connection) if account.customer]
    for listed in accounts:
        async with context.database.write() as connection:
            account = await billing.lock_account(connection, listed.tenant)
            if account is None or not account.customer:
                continue
            since, until = int(now - AGE + LEASE), int(now - SETTLED)
            hours = await billing.totals_by(connection, account.tenant, since, until, ("hour",))
            known = await billing.metered_so_far(connection, account.tenant, since)
            events = tuple(_new(account, hours, known, meters, now))
            await billing.put_events(connection, events)
            made += len(events)
    return made


def _new(
    account: Account,
    hours: Iterable[Row],
    known: Mapping[tuple[Meter, int], int],
    meters: Iterable[Meter],
    now: float,
) -> Iterator[tuple[MeterEvent, int]]:
    for row in hours:
        for meter in meters:
            hour, total = int(row.key[0]), units(meter, row.totals)
            part = _Part(account, meter, hour, known.get((meter, hour), 0), total)
            if total > part.before:
                yield part.event(now), total


@dataclass(frozen=True, slots=True)
class _Part:
    """What of an hour's total is not exported yet: from `before` to `total`."""

    account: Account
    meter: Meter
    hour: int
    before: int
    total: int

    def event(self, now: float) -> MeterEvent:
        tenant, customer = self.account.tenant, self.account.customer
        name = digest([tenant, self.meter.value, self.hour, self.before, self.total])
        return MeterEvent(name, tenant, self.meter, self.hour, self.total - self.before, customer, now)


async def send(context: Context, stripe: Stripe) -> None:
    """Send what is due, a batch at a time. Raises nothing for what Stripe does not take: it is tried again, or told."""
    while True:
        now = context.clock()
        async with context.database.write() as connection:
            events = await billing.claim(connection, now, now + LEASE, BATCH)
        for event in events:
            await _deliver(context, stripe, event)
        if len(events) < BATCH:
            return


async def _deliver(context: Context, stripe: Stripe, event: MeterEvent) -> None:
    now = context.clock()
    if event.tried > 1 and event.first_tried is not None and now - event.first_tried > SURE:
        await _give_up(context, event, "unsure", f"no answer within a day ({event.reason or 'the hub was stopped'})")
        return
    said = await stripe.send(event)
    match said.answer:
        case Answer.TAKEN:
            async with context.database.write() as connection:
                await billing.settle(connection, event.identifier, "sent", context.clock())
        case Answer.REFUSED:
            await _give_up(context, event, "refused", said.reason)
        case Answer.LATER:
            again = now + min(LONGEST_PAUSE, 15.0 * 2 ** min(event.tried, 10))
            async with context.database.write() as connection:
                await billing.settle(connection, event.identifier, "due", now, reason=said.reason, again=again)


async def _give_up(context: Context, event: MeterEvent, state: str, reason: str) -> None:
    now = context.clock()
    async with context.database.write() as connection:
        await billing.settle(connection, event.identifier, state, now, reason=reason)
        alert = Alert(event.tenant, now, "billing export", f"{state} {event.meter}", reason)
        await raise_alert(connection, alert)
