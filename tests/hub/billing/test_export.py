"""Stripe hears of every unit once: over repeats, growth, faults, two processes and a kill."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import admin
from hub.billing.export import export, make, send
from hub.billing.stripe_api import Stripe, stripe_from
from hub.context import Context
from hub.store import billing, usage
from hub.store.billing import Account, Meter
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from safety_core.wire.usage_rows import row_of
from tests.simulators.hub import START, RunningHub, bucket
from tests.simulators.stripe_api import StripeStub, stripe_stub

ACME = TenantId("acme")
NAMES = {Meter.COST: "safety_cost", Meter.REQUESTS: "safety_requests"}


@pytest.fixture
def stripe() -> Iterator[StripeStub]:
    with stripe_stub() as stub:
        yield stub


@pytest.fixture
async def context(hub: RunningHub, stripe: StripeStub, tmp_path: Path) -> Context:
    key = tmp_path / "stripe.key"
    key.write_text("rk_test_invented\n")
    key.chmod(0o600)
    object.__setattr__(hub.context.settings, "stripe_key_file", str(key))
    object.__setattr__(hub.context.settings, "stripe_url", stripe.url)
    object.__setattr__(hub.context.settings, "stripe_meters", "cost=safety_cost requests=safety_requests")
    await admin.add_tenant(hub.context, ACME)
    async with hub.context.database.write() as connection:
        await billing.put_account(connection, Account(ACME, customer="cus_invented"))
    hub.clock.now = START + 3 * 3600
    return hub.context


async def used(context: Context, sequence: int, requests: int) -> None:
    async with context.database.write() as connection:
        await usage.merge(connection, ACME, [row_of(bucket(sequence, requests))])


def client(context: Context) -> Stripe:
    return stripe_from(context.settings, NAMES)


async def states(context: Context) -> list[tuple[str, int, str]]:
    async with context.database.read() as connection:
        events = await billing.events_of(connection, ACME, 0, 2**40)
    return [(event.meter.value, event.value, event.state) for event in events]


async def test_growing_totals_are_exported_once_each(context: Context, stripe: StripeStub) -> None:
    await used(context, 1, 4)
    await export(context)
    await export(context)
    assert stripe.total("safety_requests") == 4
    await used(context, 2, 10)
    await used(context, 2, 10)
    await export(context)
    assert stripe.total("safety_requests") == 10
    assert stripe.total("safety_cost") == 10 * 7_500 // 1000
    assert {state for _, _, state in await states(context)} == {"sent"}
    sent = next(iter(stripe.events.values()))
    assert sent["payload[stripe_customer_id]"] == "cus_invented"
    assert int(sent["timestamp"]) % 3600 == 0
    assert all(key for _, key in stripe.requests)


async def test_two_processes_make_no_event_twice(context: Context, stripe: StripeStub) -> None:
    await used(context, 1, 7)
    await asyncio.gather(*(make(context, NAMES) for _ in range(6)))
    await asyncio.gather(*(send(context, client(context)) for _ in range(3)))
    assert sorted(await states(context)) == [("cost", 52, "sent"), ("requests", 7, "sent")]
    assert stripe.total("safety_requests") == 7


async def test_an_hour_that_is_not_over_waits(context: Context, hub: RunningHub, stripe: StripeStub) -> None:
    await used(context, 1, 4)
    hub.clock.now = START + 600
    await export(context)
    assert await states(context) == []


@pytest.mark.parametrize("fault", [500, 429, "dropped"])
async def test_a_fault_is_tried_again_and_counted_once(
    context: Context, hub: RunningHub, stripe: StripeStub, fault: int | str
) -> None:
    await used(context, 1, 4)
    stripe.faults = [fault] * 12
    await export(context)
    assert {state for _, _, state in await states(context)} <= {"due", "sent"}
    stripe.faults = []
    hub.clock.now += 3 * 3600
    await export(context)
    assert {state for _, _, state in await states(context)} == {"sent"}
    assert stripe.total("safety_requests") == 4
    assert stripe.total("safety_cost") == 30
    identifiers = {key for _, key in stripe.requests}
    assert identifiers == set(stripe.events)


async def test_a_hub_killed_after_sending_sends_the_same_event_again(
    context: Context, hub: RunningHub, stripe: StripeStub
) -> None:
    await used(context, 1, 4)
    await make(context, NAMES)
    async with context.database.write() as connection:
        claimed = await billing.claim(connection, hub.clock.now, hub.clock.now + 60, 100)
    for event in claimed:
        await client(context).send(event)  # and here it is killed
    hub.clock.now += 3600
    await export(context)
    assert {state for _, _, state in await states(context)} == {"sent"}
    assert stripe.total("safety_requests") == 4


async def test_what_is_not_known_after_a_day_is_not_sent_again(
    context: Context, hub: RunningHub, stripe: StripeStub
) -> None:
    await used(context, 1, 4)
    stripe.faults = [500] * 12
    await export(context)
    hub.clock.now += 24 * 3600
    seen = len(stripe.requests)
    await export(context)
    assert {state for _, _, state in await states(context)} == {"unsure"}
    assert len(stripe.requests) == seen


async def test_what_stripe_refuses_is_told(context: Context, stripe: StripeStub) -> None:
    await used(context, 1, 4)
    stripe.faults = [400, 400]
    await export(context)
    assert {state for _, _, state in await states(context)} == {"refused"}
    async with context.database.read() as connection:
        events = await billing.events_of(connection, ACME, 0, 2**40)
    assert all("fault 400" in event.reason for event in events)


async def test_nothing_is_exported_without_a_customer_or_a_key(context: Context, stripe: StripeStub) -> None:
    await used(context, 1, 4)
    async with context.database.write() as connection:
        await billing.put_account(connection, Account(ACME))
    await export(context)
    object.__setattr__(context.settings, "stripe_key_file", "")
    await export(context)
    assert stripe.requests == []


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, hub: RunningHub) -> None:
    key = tmp_path / "open.key"
    key.write_text("rk_test_invented")
    key.chmod(0o644)
    object.__setattr__(hub.context.settings, "stripe_key_file", str(key))
    with pytest.raises(InputError, match="can be read by others"):
        stripe_from(hub.context.settings, NAMES)
