"""A release brings signed publications to tenants wave by wave, and stops where it does harm."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from hub import admin
from hub.happenings import Event
from hub.policy import mover, telling
from hub.store import alerts, deeds, fleet, happenings, running
from hub.store.running import Running, Tally
from safety_core.bundle.archive import tar_of
from safety_core.edge.hub import HubClient
from safety_core.errors import UnavailableError
from safety_core.model.tool_call import TenantId
from safety_core.wire.activity import Activity, Count, Trouble
from safety_core.wire.fleet import Heartbeat
from tests.simulators.hub import START, RunningHub, json_of
from tests.simulators.repository import Repository, release

HOUR = 3600


@dataclass
class Fleet:
    """Some tenants with their edges and their author's repositories, and a publisher for all of them."""

    hub: RunningHub
    publisher: httpx2.AsyncClient
    authors: dict[str, Repository] = field(default_factory=dict)
    edges: dict[str, HubClient] = field(default_factory=dict)

    async def add(self, *names: str) -> None:
        for name in names:
            self.edges[name] = await self.hub.edge(name)
            self.authors[name] = Repository(self.hub.clock.now).publish(release("calm", name))
            self.hub.context.repositories.put(TenantId(name), self.authors[name].files)
            await self.beat(name)

    async def beat(self, name: str, **tally: Any) -> None:
        """Have an edge take up what is published for it, and report."""
        found = self.hub.context.repositories.versions(TenantId(name), "targets")
        version = tally.pop("version", max(found))
        revision = "calm" if version == 1 else "storm"
        now = self.hub.clock.now
        async with self.hub.context.database.write() as connection:
            beat = Heartbeat({}, revision, version)
            await fleet.put_heartbeat(connection, TenantId(name), beat, now)
            await running.note(connection, Running(TenantId(name), revision, version, now), Tally(**tally))

    async def make(self, *waves: dict[str, Any]) -> str:
        body = {"name": "storm", **({"waves": list(waves)} if waves else {})}
        return str(json_of(await self.publisher.post("/v1/releases", json=body))["id"])

    async def stage(self, name: str, *tenants: str) -> None:
        for tenant in tenants:
            author = self.authors[tenant]
            author.now = self.hub.clock.now
            author.publish(release("storm", tenant))
            answer = await self.upload(name, tenant)
            assert answer.status_code == 200, answer.text

    async def upload(self, name: str, tenant: str) -> httpx2.Response:
        raw = tar_of(self.authors[tenant].files)
        return await self.publisher.put(f"/v1/releases/{name}/tenants/{tenant}", content=raw)

    async def act(self, name: str, action: str, **given: Any) -> httpx2.Response:
        return await self.publisher.post(f"/v1/releases/{name}/action", json={"action": action, **given})

    async def pass_time(self, seconds: float) -> None:
        self.hub.clock.now += seconds
        await mover.move(self.hub.context)

    async def show(self, name: str) -> Any:
        return json_of(await self.publisher.get(f"/v1/releases/{name}"))

    def has_it(self) -> set[str]:
        here = self.hub.context.repositories
        return {name for name in self.authors if 2 in here.versions(TenantId(name), "targets")}


async def fleet_of(hub: RunningHub, *names: str) -> Fleet:
    token = await admin.add_publisher_for_all(hub.context, "release-bot")
    found = Fleet(hub, hub.http({"Authorization": f"Bearer {token}"}))
    await found.add(*names)
    return found


async def test_a_release_goes_out_wave_by_wave(hub: RunningHub) -> None:
    here = await fleet_of(hub, "a", "b", "c", "d")
    name = await here.make({"tenants": ["c"], "soak": HOUR}, {"percent": 50, "soak": HOUR}, {"percent": 100})
    await here.stage(name, "a", "b", "c", "d")
    await here.pass_time(0)
    assert here.has_it() == set()
    assert json_of(await here.act(name, "start"))["state"] == "running"
    await here.pass_time(0)
    assert here.has_it() == {"c"}
    await here.pass_time(HOUR)
    assert here.has_it() == {"c"}  # nobody has reported that it took it up
    await here.beat("c")
    await here.pass_time(1)
    await here.pass_time(1)
    assert len(here.has_it()) == 2
    for tenant in here.has_it():
        await here.beat(tenant)
    await here.pass_time(HOUR)
    await here.pass_time(0)
    assert here.has_it() == {"a", "b", "c", "d"}
    for tenant in here.has_it():
        await here.beat(tenant)
    await here.pass_time(1)
    shown = await here.show(name)
    assert (shown["state"], [wave["placed"] for wave in shown["waves"]]) == ("done", [1, 1, 2])
    assert await here.edges["a"].fetch("targets/2.json") == here.authors["a"].files["targets/2.json"]
    ran = json_of(await here.publisher.get("/v1/tenants/c/revisions"))
    assert [item["revision"] for item in ran["running"]] == ["storm", "calm"]
    assert [item["version"] for item in ran["published"]] == [2, 1]


async def test_webhooks_are_told_of_each_publication_that_is_put_in_place(hub: RunningHub) -> None:
    here = await fleet_of(hub, "a", "b")
    name = await here.make()
    await here.stage(name, "a", "b")
    await here.act(name, "start")
    for _ in range(2):
        await here.pass_time(1)
    async with hub.context.database.write() as connection:
        told = [item for item in await happenings.take(connection, hub.clock.now, 50) if item.kind == Event.RELEASE]
    assert {item.tenant for item in told} == here.has_it()
    assert [item.body for item in told] == [{"release": name, "revision": "storm", "version": 2}] * len(here.has_it())
    assert told


async def started(hub: RunningHub) -> tuple[Fleet, str]:
    here = await fleet_of(hub, "a", "b", "c")
    name = await here.make({"tenants": ["a"], "soak": HOUR}, {"percent": 100})
    await here.stage(name, "a", "b", "c")
    for tenant in ("a", "b", "c"):
        await here.beat(tenant, calls=500, denied=10)
    hub.clock.now += running.SLOT_SECONDS
    assert (await here.act(name, "start")).status_code == 200
    await here.pass_time(0)
    return here, name


async def test_a_jump_of_denials_halts_it_and_is_told(hub: RunningHub) -> None:
    here, name = await started(hub)
    hub.clock.now += 60
    await here.beat("a", calls=100, denied=60)
    await here.beat("b", calls=100, denied=2, version=1)
    await here.pass_time(2 * HOUR)
    shown = await here.show(name)
    assert (shown["state"], here.has_it()) == ("halted", {"a"})
    assert "60% of 100 calls denied, 2% before or elsewhere" in shown["reason"]
    async with hub.context.database.read() as connection:
        assert [alert.kind for alert in await alerts.open_of(connection, TenantId("a"))] == [telling.HALTED]
    resumed = await here.act(name, "resume")
    assert json_of(resumed)["state"] == "running"
    async with hub.context.database.read() as connection:
        assert await alerts.open_of(connection, TenantId("a")) == ()
    await here.beat("a", calls=100, denied=2)
    await here.pass_time(0)
    await here.pass_time(0)
    assert here.has_it() == {"a", "b", "c"}


async def test_denials_that_everybody_has_do_not_halt_it(hub: RunningHub) -> None:
    here, name = await started(hub)
    hub.clock.now += 60
    await here.beat("a", calls=100, denied=60)
    await here.beat("b", calls=100, denied=55, version=1)
    await here.pass_time(0)
    assert (await here.show(name))["state"] == "running"


async def test_an_edge_that_refuses_the_policy_halts_it(hub: RunningHub) -> None:
    here, name = await started(hub)
    hub.clock.now += 60
    await here.beat("a", troubled=True, version=1)
    await here.pass_time(0)
    assert "refused it" in (await here.show(name))["reason"]


async def test_an_edge_that_falls_silent_halts_it(hub: RunningHub) -> None:
    here, name = await started(hub)
    await here.pass_time(HOUR)
    assert "fell silent" in (await here.show(name))["reason"]


async def test_people_halt_promote_and_abandon(small_hub: RunningHub) -> None:
    here, name = await started(small_hub)
    assert json_of(await here.act(name, "halt", reason="a look first"))["reason"] == "a look first"
    await here.beat("a")
    await here.pass_time(2 * HOUR)
    assert here.has_it() == {"a"}
    assert (await here.act(name, "promote")).status_code == 409
    await here.act(name, "resume")
    assert (await here.act(name, "promote")).status_code == 200
    assert (await here.act(name, "promote")).status_code == 409  # the last wave
    await here.act(name, "abandon")
    await here.pass_time(0)
    assert here.has_it() == {"a"}
    assert (await here.act(name, "resume")).status_code == 409
    assert not (small_hub.context.settings.data / "staged" / name).exists()
    assert (await here.act(name, "explode")).status_code == 400
    async with small_hub.context.database.read() as connection:
        found = await deeds.about(connection, TenantId(""), name)
    assert [deed.deed.removeprefix("release ") for deed in found] == [
        "made", "start", "halt", "resume", "promote", "abandon",
    ]  # fmt: skip
    assert {deed.person for deed in found} == {"release-bot"}


async def test_what_expires_before_its_wave_is_told_and_renewed(small_hub: RunningHub) -> None:
    here = await fleet_of(small_hub, "a", "b")
    name = await here.make({"tenants": ["a"], "soak": 30 * HOUR}, {"percent": 100})
    await here.stage(name, "a", "b")
    await here.act(name, "start")
    await here.pass_time(0)
    async with small_hub.context.database.read() as connection:
        (alert,) = await alerts.open_of(connection, TenantId("b"))
    assert (alert.kind, "before wave 2" in alert.reason) == (telling.EXPIRES, True)
    await here.beat("a")
    await here.pass_time(30 * HOUR)
    await here.beat("a")
    await here.pass_time(0)
    await here.pass_time(0)
    assert (here.has_it(), (await here.show(name))["state"]) == ({"a"}, "running")
    here.authors["b"].now = small_hub.clock.now
    here.authors["b"].renew()
    assert (await here.upload(name, "b")).status_code == 200
    async with small_hub.context.database.read() as connection:
        assert await alerts.open_of(connection, TenantId("b")) == ()
    await here.pass_time(0)
    assert here.has_it() == {"a", "b"}


async def test_what_was_overtaken_is_told_and_not_forced(small_hub: RunningHub) -> None:
    here = await fleet_of(small_hub, "a", "b")
    name = await here.make()
    await here.stage(name, "a", "b")
    hotfix = Repository(small_hub.clock.now).publish(release("calm", "a")).publish(release("hotfix", "a"))
    small_hub.context.repositories.put(TenantId("a"), {"targets/2.json": hotfix.files["targets/2.json"]})
    await here.act(name, "start")
    await here.pass_time(0)
    tenants = {item["tenant"]: item for item in (await here.show(name))["tenants"]}
    assert (tenants["a"]["state"], tenants["b"]["state"]) == ("failed", "placed")
    assert "already published" in tenants["a"]["note"]


async def test_a_publication_cannot_go_ahead_of_its_release(small_hub: RunningHub) -> None:
    here = await fleet_of(small_hub, "a")
    name = await here.make()
    await here.stage(name, "a")
    raw = tar_of(here.authors["a"].files)
    ahead = await here.publisher.put("/v1/tenants/a/repository", content=raw)
    assert (ahead.status_code, name in ahead.text) == (409, True)


async def test_only_what_an_edge_would_take_up_is_staged(small_hub: RunningHub) -> None:
    here = await fleet_of(small_hub, "a", "b")
    name = await here.make()
    author = here.authors["a"]
    author.publish(release("storm", "a"))
    for files, status in (
        (here.authors["b"].files, 409),  # another tenant's
        ({**author.files, "timestamp.json": here.authors["b"].files["timestamp.json"]}, 409),
        ({"targets/2.json": author.files["targets/2.json"]}, 409),  # nothing new in force by it is no new version
    ):
        answer = await here.publisher.put(f"/v1/releases/{name}/tenants/a", content=tar_of(files))
        assert answer.status_code == status, answer.text
    await admin.add_tenant(small_hub.context, "new")
    for files, thing in (
        ({}, "root/1.json"),
        ({"root/1.json": author.root}, "timestamp.json"),
        ({name: raw for name, raw in author.files.items() if not name.startswith("bundles/")}, "bundles/"),
    ):
        incomplete = await here.publisher.put(f"/v1/releases/{name}/tenants/new", content=tar_of(files))
        assert (incomplete.status_code, thing in incomplete.text) in {(400, True), (409, False)}
    small_hub.clock.now += 2 * 86400
    assert (await here.upload(name, "a")).status_code == 409  # expired


async def test_a_tenants_own_publisher_makes_releases_for_that_tenant_only(small_hub: RunningHub) -> None:
    here = await fleet_of(small_hub, "a", "b")
    other = await here.make()
    own = await small_hub.publisher("a")
    assert (await own.get(f"/v1/releases/{other}")).status_code == 404
    assert json_of(await own.get("/v1/releases")) == {"releases": []}
    name = json_of(await own.post("/v1/releases", json={"name": "mine"}))["id"]
    raw = tar_of(here.authors["b"].files)
    assert (await own.put(f"/v1/releases/{name}/tenants/b", content=raw)).status_code == 403
    assert (await own.get("/v1/tenants/b/revisions")).status_code == 403
    assert (await here.publisher.put(f"/v1/releases/{name}/tenants/%2e%2e", content=raw)).status_code == 404
    assert (await here.publisher.put(f"/v1/releases/{name}/tenants/nobody", content=raw)).status_code == 404
    for body in ({}, {"name": ""}, {"name": "a\nb"}, {"name": "x" * 101}, {"name": "x", "more": 1}, {"name": 5}):
        assert (await own.post("/v1/releases", json=body)).status_code in {400, 413}


@pytest.mark.parametrize("damage", ["gone", "changed"])
async def test_what_was_damaged_on_the_hubs_disk_is_not_placed(small_hub: RunningHub, damage: str) -> None:
    here = await fleet_of(small_hub, "a")
    name = await here.make({"percent": 100, "soak": HOUR})
    await here.stage(name, "a")
    path = small_hub.context.settings.data / "staged" / name / "a.tar"
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:4096])
    await here.act(name, "start")
    await here.pass_time(0)
    assert here.has_it() == set()
    assert (await here.show(name))["tenants"][0]["state"] == "failed"
    assert (await here.upload(name, "a")).status_code == 200  # staged again
    await here.pass_time(0)
    assert here.has_it() == {"a"}


async def test_two_clerks_and_a_person_at_once_do_no_harm(hub: RunningHub) -> None:
    names = [f"t{number}" for number in range(6)]
    here = await fleet_of(hub, *names)
    name = await here.make({"percent": 50, "soak": HOUR}, {"percent": 100})
    await here.stage(name, *names)
    await here.act(name, "start")
    moves = (mover.move(hub.context) for _ in range(4))
    await asyncio.gather(*moves, here.act(name, "promote"), here.act(name, "halt"), here.act(name, "promote"))
    before = here.has_it()
    shown = await here.show(name)
    placed = {item["tenant"] for item in shown["tenants"] if item["state"] == "placed"}
    assert (shown["state"], placed) == ("halted", before)
    assert not [item for item in shown["tenants"] if item["state"] == "failed"]
    await here.pass_time(10 * HOUR)
    assert here.has_it() == before
    await here.act(name, "resume")
    await asyncio.gather(*(mover.move(hub.context) for _ in range(4)))
    shown = await here.show(name)
    assert {item["state"] for item in shown["tenants"] if item["wave"] <= shown["wave"]} == {"placed"}


async def test_a_clerk_that_died_in_between_is_taken_over_from(small_hub: RunningHub) -> None:
    here = await fleet_of(small_hub, "a")
    name = await here.make()
    await here.stage(name, "a")
    await here.act(name, "start")
    small_hub.context.repositories.put(TenantId("a"), here.authors["a"].files)  # put in place, and then the power went
    await here.pass_time(0)
    assert (await here.show(name))["tenants"][0]["state"] == "placed"


async def test_a_full_disk_is_waited_for(small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    here = await fleet_of(small_hub, "a")
    name = await here.make()
    await here.stage(name, "a")
    await here.act(name, "start")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("safety_core.edge.files.os.fsync", full)
        with pytest.raises(UnavailableError):
            await here.pass_time(0)
    assert (await here.show(name))["tenants"][0]["state"] == "staged"
    await here.pass_time(0)
    assert (await here.show(name))["tenants"][0]["state"] == "placed"


async def test_what_real_heartbeats_say_halts_a_release(small_hub: RunningHub) -> None:
    here, name = await started(small_hub)
    small_hub.clock.now += 60
    counted = {Count.CALLS: 100, Count.DENIED: 70, Count.FAILED: 0}
    await here.edges["a"].heartbeat(Heartbeat({}, "storm", 2, activity=Activity(START, counted)))
    await here.pass_time(0)
    shown = await here.show(name)
    assert (shown["state"], shown["health"]["after"]) == ("halted", {"calls": 100, "denied": 70, "failed": 0})
    await here.act(name, "resume")
    await here.edges["a"].heartbeat(Heartbeat({}, "storm", 2, trouble=Trouble.UNPROVEN))
    await here.pass_time(0)
    assert (await here.show(name))["state"] == "running"  # it runs the new one: this is trouble with a later one
    await here.edges["a"].heartbeat(Heartbeat({}, "calm", 1, trouble=Trouble.UNPROVEN))
    small_hub.clock.now += 1
    await here.edges["a"].heartbeat(Heartbeat({}, "calm", 1, trouble=Trouble.UNPROVEN))
    await here.pass_time(0)
    assert "refused it" in (await here.show(name))["reason"]


async def test_a_wave_without_a_soak_still_waits_until_somebody_has_it(small_hub: RunningHub) -> None:
    here = await fleet_of(small_hub, "a", "b")
    name = await here.make({"tenants": ["a"]}, {"percent": 100})
    await here.stage(name, "a", "b")
    await here.act(name, "start")
    for _ in range(3):
        await here.pass_time(1)
    assert here.has_it() == {"a"}
    await here.beat("a")
    await here.pass_time(1)
    await here.pass_time(1)
    assert here.has_it() == {"a", "b"}
