"""What an attacker sends as a publication: for others, too large, again, older, in pieces, by the wrong token."""

from __future__ import annotations

import asyncio

import pytest

from hub.policy import releases
from hub.store import deeds
from safety_core.bundle.archive import tar_of
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import BODY_LIMIT
from tests.hub.policy.test_releases import Fleet, fleet_of
from tests.simulators.hub import RunningHub, json_of
from tests.simulators.repository import Repository, release
from tests.simulators.visitors import visitor

PUT = "/v1/tenants/{}/repository"


@pytest.fixture
async def here(small_hub: RunningHub) -> Fleet:
    return await fleet_of(small_hub, "acme", "globex")


def held(here: Fleet, tenant: str) -> bytes:
    found = here.hub.context.repositories.get(TenantId(tenant), "timestamp.json")
    return found.raw if found else b""


async def test_what_was_signed_for_another_tenant_is_refused(here: Fleet) -> None:
    before = held(here, "globex")
    here.authors["acme"].publish(release("storm", "acme"))
    answer = await here.publisher.put(PUT.format("globex"), content=tar_of(here.authors["acme"].files))
    assert (answer.status_code, held(here, "globex")) == (403, before)


async def test_a_publication_again_changes_nothing_and_an_older_one_is_refused(here: Fleet) -> None:
    first = dict(here.authors["acme"].files)
    here.authors["acme"].publish(release("storm", "acme"))
    raw = tar_of(here.authors["acme"].files)
    assert json_of(await here.publisher.put(PUT.format("acme"), content=raw))["new"] > 0
    assert json_of(await here.publisher.put(PUT.format("acme"), content=raw))["new"] == 0
    async with here.hub.context.database.read() as connection:
        (deed,) = await deeds.about(connection, TenantId("acme"), "version 2")
    assert (deed.deed, deed.person) == ("publish", "release-bot")
    older = await here.publisher.put(PUT.format("acme"), content=tar_of(first))
    assert (older.status_code, held(here, "acme")) == (409, here.authors["acme"].files["timestamp.json"])


async def test_another_timestamp_of_the_same_version_is_refused(here: Fleet) -> None:
    other = Repository(here.hub.clock.now + 60).publish(release("calm", "acme"))
    answer = await here.publisher.put(
        PUT.format("acme"), content=tar_of({"timestamp.json": other.files["timestamp.json"]})
    )
    assert answer.status_code == 409


async def test_what_is_too_large_is_refused_before_it_is_read(here: Fleet) -> None:
    name = await here.make()
    for path in (PUT.format("acme"), f"/v1/releases/{name}/tenants/acme"):
        head = f"PUT {path} HTTP/1.1\r\nHost: hub\r\nContent-Length: {BODY_LIMIT + 1}\r\n"
        told = head + f"Authorization: {here.publisher.headers['Authorization']}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", int(here.hub.url.rpartition(":")[2]))
        writer.write(told.encode())
        assert (await reader.readline()).split()[1] == b"413"
        writer.close()


async def test_other_peoples_tokens_publish_nothing(here: Fleet) -> None:
    raw = tar_of(here.authors["acme"].files)
    approver = await here.hub.approver("acme")
    name = await here.make()
    for client in (approver, here.hub.http(), here.hub.http({"Authorization": "Bearer safety-publisher-x"})):
        for path in (PUT.format("acme"), f"/v1/releases/{name}/tenants/acme"):
            assert (await client.put(path, content=raw)).status_code == 401
        assert (await client.post(f"/v1/releases/{name}/action", json={"action": "abandon"})).status_code == 401
    assert (await here.show(name))["state"] == "staging"


@pytest.mark.parametrize("tenant", ["..", "%2e%2e", "%2e%2e%2f%2e%2e", "acme%00", "ACME", "nobody", "a" * 64])
async def test_no_name_of_a_tenant_leads_out_of_its_folder(here: Fleet, tenant: str) -> None:
    raw = tar_of(here.authors["acme"].files)
    root = here.hub.context.settings.data / "repositories"
    before = sorted(path.name for path in root.parent.iterdir())
    answer = await here.publisher.put(PUT.format(tenant), content=raw)
    assert not answer.is_success
    assert (sorted(path.name for path in root.iterdir()), sorted(path.name for path in root.parent.iterdir())) == (
        ["acme", "globex"],
        before,
    )


async def test_many_publications_at_once_leave_one_whole_repository(here: Fleet) -> None:
    author = here.authors["acme"]
    versions = [dict(author.publish(release(f"r{number}", "acme")).files) for number in range(5)]
    answers = await asyncio.gather(
        *(here.publisher.put(PUT.format("acme"), content=tar_of(files)) for files in reversed(versions))
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert held(here, "acme") == versions[-1]["timestamp.json"]
    edge = here.edges["acme"]
    for name in versions[-1]:
        assert await edge.fetch(name) == versions[-1][name]


async def test_one_tenants_releases_keep_no_other_tenants_out_of_sight_or_from_being_made(
    here: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "OPEN_RELEASES", 21)
    acme, globex = await here.hub.publisher("acme", "a-bot"), await here.hub.publisher("globex", "g-bot")
    assert (await globex.post("/v1/releases", json={"name": "of globex"})).status_code == 201
    for number in range(21):
        here.hub.clock.now += 1
        assert (await acme.post("/v1/releases", json={"name": f"of acme {number}"})).status_code == 201
    assert (await acme.post("/v1/releases", json={"name": "one more"})).status_code == 409
    gina = await visitor(here.hub, "Gina", ("author", "globex"))
    page = (await gina.get("/policies")).text
    assert "of globex" in page
    assert "of acme" not in page
    assert [item["name"] for item in json_of(await globex.get("/v1/releases"))["releases"]] == ["of globex"]
    assert (await globex.post("/v1/releases", json={"name": "another"})).status_code == 201
    assert (await here.publisher.post("/v1/releases", json={"name": "of the fleet"})).status_code == 201


async def test_nobody_stages_for_others_into_a_tenants_own_release(here: Fleet) -> None:
    """Its people would see and move what is not theirs."""
    acme = await here.hub.publisher("acme", "a-bot")
    name = json_of(await acme.post("/v1/releases", json={"name": "of acme"}))["id"]
    assert (await here.upload(name, "globex")).status_code == 403
