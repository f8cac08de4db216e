"""A word reaches all who listen, in every process of the hub, also after the database went away for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from hub.bus import EVERYBODY, Bus, Ear, Topic
from hub.store import relay
from hub.store.engine import Database, open_database
from safety_core.model.tool_call import TenantId
from tests.simulators.postgres import Cluster

ACME, BRAVO = TenantId("acme"), TenantId("bravo")


async def test_a_word_reaches_those_who_listen_to_its_tenant_and_topic() -> None:
    bus = Bus()
    with bus.listen([ACME]) as ours, bus.listen([ACME], {Topic.INBOX}) as page, bus.listen([EVERYBODY]) as admin:
        bus.ring(ACME, Topic.FEED)
        bus.ring(ACME, Topic.FEED)
        bus.ring(BRAVO, Topic.INBOX)
        assert await ours.heard() == {(ACME, Topic.FEED)}
        assert await admin.heard() == {(ACME, Topic.FEED), (BRAVO, Topic.INBOX)}
        bus.ring(ACME, Topic.INBOX)
        assert await page.heard() == {(ACME, Topic.INBOX)}
        assert await ours.heard() == {(ACME, Topic.INBOX)}


async def test_who_left_is_not_told_and_leaves_nothing_behind() -> None:
    bus = Bus()
    with bus.listen([ACME, BRAVO]):
        pass
    bus.ring(ACME, Topic.FEED)
    assert not bus._hearers


@pytest.fixture
async def shared(cluster: Cluster) -> AsyncIterator[Database]:
    database = open_database(cluster.create("words"))
    yield database
    await database.close()
    again = open_database(f"postgresql://hub@/postgres?host={cluster.folder}")
    async with again.engine.connect() as raw:
        connection = await raw.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("DROP DATABASE words WITH (FORCE)"))
    await again.close()


async def all_heard(ear: Ear, wanted: set[tuple[TenantId, Topic]]) -> None:
    """Wait until every one of `wanted` was heard at some time."""
    while wanted:
        wanted = wanted - await ear.heard()


async def test_processes_on_one_postgresql_hear_each_other(shared: Database) -> None:
    ours, theirs = Bus(), Bus()
    tenants = [TenantId(f"tenant-{number}-{'x' * 40}") for number in range(300)]
    async with ours.relayed(shared), theirs.relayed(shared):
        with theirs.listen(tenants) as ear:
            await _connected(ours, theirs)
            for tenant in tenants:
                ours.ring(tenant, Topic.POLICY)
            await all_heard(ear, {(tenant, Topic.POLICY) for tenant in tenants})


async def test_what_this_process_rang_does_not_come_back_from_the_database(shared: Database) -> None:
    ours, theirs = Bus(), Bus()
    async with ours.relayed(shared), theirs.relayed(shared):
        await _connected(ours, theirs)
        with ours.listen([ACME]) as here, theirs.listen([ACME]) as there:
            ours.ring(ACME, Topic.FEED)
            await here.heard()
            await there.heard()
            theirs.ring(ACME, Topic.ORDERS)  # comes after anything that came back
            assert await here.heard() == {(ACME, Topic.ORDERS)}


async def test_the_words_that_are_left_are_sent_before_a_process_ends(shared: Database) -> None:
    theirs = Bus()
    async with theirs.relayed(shared):
        with theirs.listen([ACME]) as ear:
            async with (ours := Bus()).relayed(shared):
                await _connected(ours, theirs)
                ours.ring(ACME, Topic.KEY)
            await all_heard(ear, {(ACME, Topic.KEY)})


async def test_a_broken_connection_is_made_anew_and_everybody_looks(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "FIRST_RETRY", 0.01)
    ours, theirs = Bus(), Bus()
    async with ours.relayed(shared), theirs.relayed(shared):
        await _connected(ours, theirs)
        with theirs.listen([BRAVO]) as ear:
            async with shared.write() as connection:
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                await connection.execute(text(others + " AND pid <> pg_backend_pid()"))
            await all_heard(ear, {(BRAVO, topic) for topic in Topic})
            ours.ring(BRAVO, Topic.FEED)  # kept until the connection stands again
            await all_heard(ear, {(BRAVO, Topic.FEED)})


async def _connected(ours: Bus, theirs: Bus) -> None:
    """Wait until each hears the other; what was said until then is said."""
    for one, other in ((ours, theirs), (theirs, ours)):
        with other.listen([TenantId("connected")]) as ear:
            waiting = asyncio.create_task(all_heard(ear, {(TenantId("connected"), Topic.INBOX)}))
            while not waiting.done():
                one.ring(TenantId("connected"), Topic.INBOX)
                await asyncio.wait({waiting}, timeout=0.02)


async def test_a_word_that_is_rung_again_while_it_is_being_sent_is_sent_again() -> None:
    sent: list[list[str]] = []
    words = relay.Relay(None, lambda *_: None, lambda: None)  # type: ignore[arg-type]

    class Slow:
        failing = False

        async def execute(self, _sql: str, _channel: str, payloads: list[str]) -> None:
            words.send("acme", "feed")
            if self.failing:
                raise ConnectionError
            sent.append(payloads)

    slow = Slow()
    words.send("acme", "feed")
    await words._flush(slow)
    slow.failing = True
    with pytest.raises(ConnectionError):
        await words._flush(slow)
    slow.failing = False
    await words._flush(slow)
    assert [len(payloads) for payloads in sent] == [1, 1]
    assert list(words._out) == [("acme", "feed")]
