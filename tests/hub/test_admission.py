"""Signed requests are let in once each, many at a time, by the key that the tenant has at that moment."""

from __future__ import annotations

import asyncio

import pytest
from nacl.signing import SigningKey
from sqlalchemy import func, select

from hub.admission import Admission, Admitted
from hub.auth.callers import forget_nonces
from hub.store import nonces, tenants
from hub.store.nonces import Nonce
from hub.store.schema.edges import nonces as table
from safety_core.errors import RefusedError, UnavailableError
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import START, RunningHub

ACME = TenantId("acme")


def nonce(number: int) -> Nonce:
    return Nonce(ACME, f"{number:032x}", START + 100)


async def test_of_many_requests_at_once_each_nonce_is_let_in_once(hub: RunningHub) -> None:
    await hub.edge("acme")
    doors = [Admission(), Admission()]  # as in two processes
    several = [doors[number % 2].admit(hub.context.database, nonce(number // 4)) for number in range(200)]
    admitted = await asyncio.gather(*several)
    assert sum(one.fresh for one in admitted) == 50


async def test_the_tenants_key_of_that_moment_comes_with_it(hub: RunningHub) -> None:
    key = SigningKey.generate()
    await hub.edge("acme", key)
    door, public = Admission(), key.verify_key.encode().hex()
    assert await door.admit(hub.context.database, nonce(1)) == Admitted(True, public)
    assert door.key_of(ACME) == public
    assert door.key_of(TenantId("bravo")) is None


async def test_a_remembered_key_opens_nothing_once_it_was_changed(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    await edge.decisions(0)
    async with hub.context.database.write() as connection:  # as another process does it: nobody tells this one
        await tenants.set_public(connection, ACME, SigningKey.generate().verify_key.encode().hex(), START)
    with pytest.raises(RefusedError, match="is not signed by the tenant's registered key"):
        await edge.decisions(0)


async def test_a_database_that_fails_is_told_to_all_who_wait_and_the_next_are_let_in(
    small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await small_hub.edge("acme")
    door, remember = Admission(), nonces.remember

    async def broken(*_: object) -> object:
        raise UnavailableError("hub database", "failed")

    monkeypatch.setattr(nonces, "remember", broken)
    failed = await asyncio.gather(
        *(door.admit(small_hub.context.database, nonce(number)) for number in range(3)), return_exceptions=True
    )
    assert [type(one) for one in failed] == [UnavailableError] * 3
    monkeypatch.setattr(nonces, "remember", remember)
    assert (await door.admit(small_hub.context.database, nonce(0))).fresh


async def test_a_caller_who_leaves_does_not_hold_up_the_others(small_hub: RunningHub) -> None:
    await small_hub.edge("acme")
    door = Admission()
    leaving, staying = (
        asyncio.create_task(door.admit(small_hub.context.database, nonce(number))) for number in range(2)
    )
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).fresh


async def test_nonces_are_forgotten_once_their_requests_would_be_too_old(hub: RunningHub) -> None:
    await hub.edge("acme")
    door = Admission()
    await door.admit(hub.context.database, nonce(1))
    for later, left in ((99, 1), (2, 0)):
        hub.clock.now += later
        await forget_nonces(hub.context)
        async with hub.context.database.read() as connection:
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == left
