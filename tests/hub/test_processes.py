"""Two hub processes on one PostgreSQL behave as one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from nacl.signing import SigningKey

from hub import admin
from hub.app import opened
from hub.settings import Settings
from safety_core.edge import clock
from safety_core.edge.hub import HubClient
from safety_core.errors import RefusedError
from safety_core.model.tool_call import TenantId
from tests.hub.test_events import listening
from tests.simulators.hub import bucket, json_of, question
from tests.simulators.hub_process import KEY, HubProcess
from tests.simulators.hub_requests import Line, signed
from tests.simulators.postgres import Cluster

ACME = "acme"


@dataclass
class Pair:
    """Two processes, and an edge's client of each."""

    one: HubProcess
    other: HubProcess
    at_one: HubClient
    at_other: HubClient

    async def token(self) -> str:
        """Return a registration token, made as an admin makes it."""
        async with opened(Settings(self.one.data, self.one.database)) as context:
            return await admin.add_tenant(context, ACME)

    def olga(self, hub: HubProcess) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {self.one.tokens[ACME]}"}
        return httpx2.AsyncClient(base_url=hub.url, headers=headers, trust_env=False, verify=False, timeout=60)


@pytest.fixture
async def pair(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Pair]:
    url = cluster.create(f"t{secrets.token_hex(8)}")
    one, other = (HubProcess(tmp_path / "hub", url) for _ in range(2))
    await one.let_in([ACME])
    try:
        await asyncio.gather(*(asyncio.to_thread(hub.start) for hub in (one, other)))
        async with (
            HubClient(one.url, TenantId(ACME), KEY) as first,
            HubClient(other.url, TenantId(ACME), KEY) as second,
        ):
            yield Pair(one, other, first, second)
    finally:
        for hub in (one, other):
            hub.stop()


async def test_what_one_is_asked_is_answered_at_the_other_and_its_edge_hears_of_it(pair: Pair) -> None:
    asked = question(ACME, now=clock.now())
    await pair.at_one.push_approval(asked)
    async with listening(pair.at_one) as edge, pair.olga(pair.other) as olga:
        said = await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})
        assert said.status_code == 200, said.text
        assert await edge.next() == "feed"
    assert [grant.request for grant in (await pair.at_one.decisions(0)).grants] == [asked.id]
    assert (await pair.at_one.decisions(0)) == (await pair.at_other.decisions(0))


async def test_of_two_answers_at_once_at_two_processes_one_holds(pair: Pair) -> None:
    for _ in range(10):
        asked = question(ACME, now=clock.now())
        await pair.at_one.push_approval(asked)
        async with pair.olga(pair.one) as here, pair.olga(pair.other) as there:
            said = await asyncio.gather(
                here.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True}),
                there.post(f"/v1/approvals/{asked.id}/decision", json={"allow": False}),
            )
        assert sorted(one.status_code for one in said) == [200, 409]
    assert len((await pair.at_other.decisions(0)).grants) == 10


async def test_a_request_that_one_let_in_is_let_in_by_no_other(pair: Pair) -> None:
    raw = signed("GET", "/v1/approvals/decisions?after=0", ACME)
    async with Line(pair.one.port) as one, Line(pair.other.port) as other:
        assert (await one.ask(raw))[0] == 200
        status, said = await other.ask(raw)
    assert status == 401
    assert said["error"]["reason"] == "has come before"


async def test_a_registration_token_is_used_once_by_all_of_them(pair: Pair) -> None:
    token = await pair.token()
    edges = [HubClient(hub.url, TenantId(ACME), SigningKey.generate()) for hub in (pair.one, pair.other) * 3]
    done = await asyncio.gather(*(edge.register(token) for edge in edges), return_exceptions=True)
    assert sum(one is None for one in done) == 1
    assert sum(isinstance(one, RefusedError) for one in done) == 5
    for edge in edges:
        await edge.close()


async def test_a_key_that_is_changed_at_one_lets_go_of_streams_at_the_other(pair: Pair) -> None:
    async with listening(pair.at_one) as edge:
        async with HubClient(pair.other.url, TenantId(ACME), SigningKey.generate()) as new:
            await new.register(await pair.token())
        with pytest.raises(EOFError):
            await edge.next()
    with pytest.raises(RefusedError, match="is not signed by the tenant's registered key"):
        await pair.at_one.decisions(0)


async def test_usage_that_goes_to_both_is_counted_once(pair: Pair) -> None:

    reports = [bucket(sequence, sequence) for sequence in range(1, 21)]
    edges = (pair.at_one, pair.at_other)
    await asyncio.gather(*(edge.push_usage([report]) for report in reports for edge in edges))
    async with pair.olga(pair.one) as olga:
        assert json_of(await olga.get("/v1/usage?since=0")) == {"buckets": [reports[-1].to_json()]}
