"""An author's machine and a hub: many tenants in one release, rolled back by a new version, gone on with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub import admin
from hub.policy import mover, reading
from hub.store import fleet, rollouts
from safety_core.bundle import roles
from safety_core.cli.policy import release
from safety_core.cli.policy.command import policy
from safety_core.cli.policy.release import wave_of
from safety_core.errors import InputError, RefusedError, UnavailableError
from safety_core.model.tool_call import TenantId
from safety_core.wire.fleet import Heartbeat
from tests.simulators.hub import RunningHub
from tests.simulators.repository import SOURCES

TENANTS = ("acme", "globex", "initech")
OVERLAYS = {f"tenants/{name}/agents.yaml": b"default_tier: supervised\n" for name in TENANTS}


class Desk:
    """An author with keys, sources and repositories, in front of a hub."""

    def __init__(self, folder: Path, hub: RunningHub, token: str) -> None:
        self.folder = folder
        self.hub = hub
        self.token = token

    async def run(self, *arguments: str, catch: bool = False) -> Result:
        told = [str(self.folder / word[1:]) if word.startswith("@") else word for word in arguments]
        env = {"SAFETY_PUBLISHER_TOKEN": self.token, "SAFETY_HUB": self.hub.url}

        def invoke() -> Result:
            return CliRunner().invoke(policy, told, catch_exceptions=catch, standalone_mode=False, env=env)

        return await asyncio.to_thread(invoke)

    async def release(self, *arguments: str) -> Result:
        shared = ("--policies", "@policies", "--keys", "@keys", "--repositories", "@repositories")
        return await self.run("release", *arguments, *shared)

    async def rollback(self, *arguments: str) -> Result:
        return await self.run("rollback", *arguments, "--keys", "@keys", "--repositories", "@repositories")

    def write(self, files: Mapping[str, bytes]) -> None:
        for name, raw in files.items():
            path = self.folder / "policies" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)

    async def pass_time(self, seconds: float = 0.0) -> None:
        self.hub.clock.now += seconds
        await mover.move(self.hub.context)

    async def policies(self) -> dict[str, tuple[str, int]]:
        found = {}
        for name in TENANTS:
            here = await reading.policy_of(self.hub.context, TenantId(name))
            if here is not None:
                found[name] = (here.revision, here.version)
        return found

    async def take_up(self) -> None:
        for name, (revision, version) in (await self.policies()).items():
            async with self.hub.context.database.write() as connection:
                await fleet.put_heartbeat(
                    connection, TenantId(name), Heartbeat({}, revision, version), self.hub.clock.now
                )


@pytest.fixture
async def desk(small_hub: RunningHub, tmp_path: Path) -> Desk:
    small_hub.clock.now = time.time()
    for name in TENANTS:
        await admin.add_tenant(small_hub.context, name)
    token = await admin.add_publisher_for_all(small_hub.context, "bot")
    here = Desk(tmp_path, small_hub, token)
    here.write({**SOURCES, **OVERLAYS})
    await here.run("keys", "@keys")
    return here


def id_of(result: Result) -> str:
    return str(result.output.split()[1])


async def test_many_tenants_go_out_in_one_release(desk: Desk) -> None:
    made = await desk.release("spring", "--wave", "acme:1h", "--wave", "100%", "--start")
    assert (made.return_value, "spring: running" in made.output) == (0, True)
    await desk.pass_time()
    assert set(await desk.policies()) == {"acme"}
    await desk.take_up()
    await desk.pass_time(3600)
    await desk.pass_time()
    found = await desk.policies()
    assert set(found) == set(TENANTS)
    assert len({revision for revision, _ in found.values()}) == 3  # each tenant's own
    told = await desk.release(id_of(made), "--continue")
    assert "2 in place" in told.output
    assert not list((desk.folder / "repositories").rglob(".staged/*"))


async def test_a_release_goes_on_where_it_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await admin.add_tenant(desk.hub.context, "hooli")
    real, sent = mover_stage(), []

    def failing(self: Any, name: str, tenant: str, files: Mapping[str, bytes]) -> None:
        if len(sent) == 2:
            raise UnavailableError("hub", "did not answer", "go on")
        sent.append(tenant)
        real(self, name, tenant, files)

    monkeypatch.setattr("safety_core.edge.publisher.PublisherClient.stage", failing)
    stopped = await desk.run(
        "release", "spring", "--policies", "@policies", "--keys", "@keys", "--repositories", "@repositories", catch=True
    )
    assert isinstance(stopped.exception, UnavailableError)
    name = id_of(stopped)
    monkeypatch.setattr(
        "safety_core.edge.publisher.PublisherClient.stage", lambda *given: (sent.append(given[2]), real(*given))[1]
    )
    gone_on = await desk.release(name, "--continue")
    assert (gone_on.return_value, sent) == (0, ["acme", "globex", "initech"])
    assert "3 tenants staged" in gone_on.output


def mover_stage() -> Any:
    from safety_core.edge.publisher import PublisherClient

    return PublisherClient.stage


async def test_what_is_in_force_is_renewed_while_something_waits_and_what_waits_as_well(desk: Desk) -> None:
    await desk.release("first", "--start")
    await desk.pass_time()
    assert "0 tenants staged" in (await desk.release("idle")).output  # nothing new, and what is placed was taken over
    desk.write({"hosts.yaml": b"own: [shop.example]\n"})
    second = id_of(await desk.release("second", "--tenant", "acme"))
    repository = desk.folder / "repositories/acme"
    (staged,) = repository.rglob(".staged/*/snapshot/*.json")
    assert int(staged.stem) > 1000
    renewed = ("--renew", "--keys", "@keys", "--repository", "@repositories/acme", "--hub", desk.hub.url)
    assert "is version 1, and its timestamp is new; the hub has it" in (await desk.run("publish", *renewed)).output
    monkeypatched = release.RENEW_SECONDS
    try:
        release.RENEW_SECONDS = 25 * 3600.0  # type: ignore[misc]
        again = await desk.release(second, "--continue", "--start")
    finally:
        release.RENEW_SECONDS = monkeypatched  # type: ignore[misc]
    assert (again.return_value, len(list(repository.rglob(".staged/*/snapshot/*.json")))) == (0, 2)
    await desk.pass_time()
    assert (await desk.policies())["acme"][1] == 2


async def test_a_rollback_is_a_new_version_with_the_older_words(desk: Desk) -> None:
    await desk.release("first", "--start")
    await desk.pass_time()
    before = await desk.policies()
    desk.write({"hosts.yaml": b"own: [shop.example]\n"})
    await desk.release("second", "--start")
    await desk.pass_time()
    assert {version for _, version in (await desk.policies()).values()} == {2}
    done = await desk.rollback("acme", "--to", "previous")
    assert "is version 3" in done.output
    assert (await desk.policies())["acme"] == (before["acme"][0], 3)
    many = await desk.rollback("globex", "initech", "--to", "previous", "--release", "undo")
    assert (many.return_value, "undo: running" in many.output) == (0, True)
    await desk.pass_time()
    found = await desk.policies()
    assert {name: found[name] for name in ("globex", "initech")} == {
        name: (before[name][0], 3) for name in ("globex", "initech")
    }
    with pytest.raises(InputError, match="in force already"):
        await desk.rollback("acme", "--to", before["acme"][0])
    with pytest.raises(InputError, match="there are:"):
        await desk.rollback("acme", "--to", "nothing")
    bundle = max((desk.folder / "repositories/acme/bundles").iterdir(), key=lambda path: path.stat().st_mtime)
    for path in (desk.folder / "repositories/acme/bundles").iterdir():
        if path != bundle:
            path.unlink()
    with pytest.raises(InputError, match="has lost its bundle"):
        await desk.rollback("acme", "--to", "previous")
    with pytest.raises(InputError, match="needs a hub"):
        await desk.run(
            "rollback", "acme", "--to", "x", "--keys", "@keys", "--repositories", "@r", "--hub", "", "--release", "u"
        )


async def test_every_tenant_is_renewed_in_one_go(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = ("renew", "--keys", "@keys", "--repositories", "@repositories")
    (desk.folder / "repositories").mkdir()
    with pytest.raises(InputError, match="holds no tenant"):
        await desk.run(*shared)
    await desk.release("first", "--start")
    await desk.pass_time()
    before = {name: desk.hub.context.repositories.get(TenantId(name), "timestamp.json") for name in TENANTS}
    monkeypatch.setattr(roles, "ROOT_LIFE", timedelta(days=30))
    await desk.run("root", "--keys", "@keys")
    done = await desk.run(*shared)
    assert (done.return_value, "3 tenants renewed" in done.output) == (0, True)
    assert done.output.count("the root of policy ends on") == 1
    after = {name: desk.hub.context.repositories.get(TenantId(name), "timestamp.json") for name in TENANTS}
    assert all(before[name] != after[name] for name in TENANTS)
    (desk.folder / "repositories/unknown").mkdir()
    desk.write({"hosts.yaml": b"own: [shop.example]\n"})
    await desk.release("second", "--tenant", "acme")
    again = await desk.run(*shared)
    assert again.return_value == 0
    assert (await desk.policies())["acme"][1] == 1  # what waits still waits


async def test_one_tenant_that_cannot_be_served_holds_up_no_other(desk: Desk) -> None:
    told = await desk.release("spring", "--tenant", "acme", "--tenant", "nobody", "--start")
    assert told.return_value == 1
    assert "spring: staging" in told.output  # not started
    for name in TENANTS:
        (desk.folder / f"policies/tenants/{name}/agents.yaml").unlink()
    with pytest.raises(InputError, match="names no tenant"):
        await desk.release("none")
    async with desk.hub.context.database.read() as connection:
        assert [found.name for found in await rollouts.listed(connection, None)] == ["spring"]


async def test_a_release_that_is_not_there_is_told(desk: Desk) -> None:
    with pytest.raises(RefusedError):
        await desk.release("0" * 32, "--continue")


async def test_what_waits_is_not_replaced_by_the_base_policy(desk: Desk) -> None:
    name = id_of(await desk.release("spring"))
    with pytest.raises(InputError, match="--policies"):
        await desk.run("release", name, "--continue", "--keys", "@keys", "--repositories", "@repositories")


def test_waves_are_written_shortly() -> None:
    assert wave_of("acme,globex:30m") == {"tenants": ["acme", "globex"], "soak": 1800}
    assert wave_of("10%:4h") == {"percent": 10, "soak": 14400}
    assert wave_of("100%") == {"percent": 100, "soak": 0}
    for wrong in ("", "10", "%", "10%:x", "Acme:1h:2h"):
        if wrong == "10":
            assert wave_of(wrong) == {"tenants": ["10"], "soak": 0}
            continue
        with pytest.raises(InputError):
            wave_of(wrong)
