"""The policy in force is the newest one that was trusted and proved; whatever fails, the one before stays."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from proxy.background.policy import PolicySync
from proxy.engine import start_engine
from proxy.errors import NoPolicyError
from proxy.force import InForce
from proxy.settings import EngineSettings
from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.bundles import BundleStore
from safety_core.edge.engine import Engine
from safety_core.edge.shipped import shipped_bundle
from safety_core.errors import (
    BundleError,
    FreezeError,
    PolicyError,
    TamperedError,
    UnavailableError,
    UnprovenError,
)
from safety_core.match.patterns import PatternSet
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind
from safety_core.model.policy import Pattern
from tests.simulators.repository import SOURCES, TENANT, Repository, release, release_from

GRACE = 3600.0
FACTS = Facts("exec", "main", (Action(Kind.DESTROY, "rm", "rm", (Target(TargetKind.PATH, "x"),)),))


@dataclass
class World:
    folder: Path
    repository: Repository = field(default_factory=lambda: Repository(time.time()))
    reachable: bool = True
    startable: bool = True

    async def fetch(self, path: str) -> bytes | None:
        if not self.reachable:
            raise UnavailableError("hub", "did not answer")
        return self.repository.files.get(path)

    async def start(self, bundle: TrustedBundle) -> Engine:
        if not self.startable:
            raise UnavailableError("policy engine", "could not be started")
        return await start_engine(EngineSettings(deadline=5.0), bundle)

    @asynccontextmanager
    async def edge(self) -> AsyncGenerator[PolicySync, None]:
        """The parts that belong together, as after a start of the edge."""
        in_force = InForce(self.start, GRACE)
        audit = await AuditLog.open(self.folder / "audit.db", SigningKey(b"1" * 32))
        store = BundleStore(self.folder, TENANT, self.repository.root, grace=GRACE)
        try:
            yield PolicySync(store, in_force, audit, self.fetch)
        finally:
            await in_force.close()
            await audit.aclose()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def policy_events(sync: PolicySync) -> list[tuple[str, Any]]:
    events = [json.loads(body) async for _, body in sync.audit.entries()]
    return [(event["outcome"], event["revision"] or event["rules"][0]) for event in events]


async def test_without_a_policy_nothing_is_in_force(world: World) -> None:
    async with world.edge() as sync:
        await sync.load_last()
        with pytest.raises(NoPolicyError, match="none has been received yet"):
            sync.in_force.current(time.time())


async def test_a_published_policy_comes_into_force_and_survives_a_restart_without_the_hub(world: World) -> None:
    world.repository.publish()
    async with world.edge() as sync:
        await sync.pull()
        force = sync.in_force.current(time.time())
        assert force.policy.revision == "calm"
        assert (await force.engine.judge(FACTS)).hits[0].rule == "deletes"
        assert await policy_events(sync) == [("in force", "calm")]
    world.reachable = False
    async with world.edge() as sync:
        await sync.load_last()
        assert sync.in_force.current(time.time()).policy.revision == "calm"


async def test_a_newer_policy_replaces_the_older_one_which_serves_its_calls_to_the_end(world: World) -> None:
    world.repository.publish()
    async with world.edge() as sync:
        await sync.pull()
        old = sync.in_force.current(time.time())
        with old.used():
            world.repository.publish(release("strict"))
            await sync.pull()
            assert sync.in_force.current(time.time()).policy.revision == "strict"
            assert (await old.engine.judge(FACTS)).revision == "calm"
        assert await policy_events(sync) == [("in force", "calm"), ("in force", "strict")]


async def test_a_forged_policy_is_recorded_once_and_changes_nothing(world: World) -> None:
    world.repository.publish()
    async with world.edge() as sync:
        await sync.pull()
        good = dict(world.repository.files)
        world.repository.publish(release("strict"))
        name = next(name for name in set(world.repository.files) - set(good) if name.startswith("bundles/"))
        world.repository.files[name] = world.repository.files[name][:-1] + b"\xff"
        for _ in range(2):
            with pytest.raises(TamperedError):
                await sync.pull()
        assert sync.in_force.current(time.time()).policy.revision == "calm"
        assert isinstance(sync.in_force.trouble, BundleError)
        assert await policy_events(sync) == [("in force", "calm"), ("refused", "TamperedError")]


async def test_a_policy_whose_pattern_does_not_compile_leaves_the_one_before_even_after_a_restart(world: World) -> None:
    world.repository.publish()
    typo = b"patterns:\n  - {id: shop, title: Shop, expression: '(?<![A-Za-z0-9)abc'}\n"
    async with world.edge() as sync:
        await sync.pull()
        world.repository.publish(release_from({**SOURCES, "patterns/shop.yaml": typo}, "typo"))
        with pytest.raises(UnprovenError, match="pattern shop: is not a regular expression"):
            await sync.pull()
        assert sync.in_force.current(time.time()).policy.revision == "calm"
    async with world.edge() as sync:
        await sync.load_last()
        assert sync.in_force.current(time.time()).policy.revision == "calm"


async def test_an_outage_keeps_the_policy_until_its_expiry_and_grace_are_over(world: World) -> None:
    world.repository.publish()
    async with world.edge() as sync:
        await sync.pull()
        world.reachable = False
        with pytest.raises(UnavailableError):
            await sync.pull()
        expires = sync.in_force.latest().expires
        assert sync.in_force.current(expires + GRACE - 1)
        with pytest.raises(FreezeError, match="has expired"):
            sync.in_force.current(expires + GRACE + 1)
        assert sync.in_force.latest().policy.revision == "calm"


async def test_a_policy_vouched_for_anew_lasts_longer_on_the_same_engine(world: World) -> None:
    world.repository.now -= 3600
    world.repository.publish()
    async with world.edge() as sync:
        await sync.pull()
        before = sync.in_force.latest()
        expires = before.expires
        world.repository.now += 3600
        world.repository.renew()
        await sync.pull()
        assert sync.in_force.latest() is before
        assert before.expires == expires + 3600


async def test_an_engine_that_does_not_start_is_tried_again(world: World) -> None:
    world.repository.publish()
    world.startable = False
    async with world.edge() as sync:
        for _ in range(2):
            with pytest.raises(UnavailableError):
                await sync.pull()
        assert not sync.in_force.any
        world.startable = True
        await sync.pull()
        assert sync.in_force.latest().policy.revision == "calm"
        assert sync.in_force.trouble is None


async def test_without_a_hub_there_is_nothing_to_pull(world: World) -> None:
    async with world.edge() as sync:
        alone = PolicySync(sync.store, sync.in_force, sync.audit, None)
        await alone.pull()
        assert not sync.in_force.any


async def test_patterns_come_from_where_the_edge_keeps_them(world: World) -> None:
    kept = PatternSet(())
    asked: list[Sequence[Pattern]] = []

    def taken_up(patterns: Sequence[Pattern]) -> PatternSet:
        asked.append(patterns)
        return kept

    bundle = shipped_bundle()
    in_force = InForce(world.start, GRACE, taken_up)
    try:
        assert (await in_force.activate(bundle)).patterns is kept
    finally:
        await in_force.close()
    assert asked == [bundle.policy.patterns]


async def _proves_nothing(bundle: TrustedBundle, **options: object) -> None:
    """Stands for a program that proved less than this one does."""


async def test_a_policy_that_another_version_stored_and_this_one_cannot_run_gives_way_to_the_one_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.repository.publish()
    typo = b"patterns:\n  - {id: shop, title: Shop, expression: '(?<![A-Za-z0-9)abc'}\n"
    async with world.edge() as sync:
        await sync.pull()
        world.repository.publish(release_from({**SOURCES, "patterns/shop.yaml": typo}, "typo"))
        with monkeypatch.context() as older:
            older.setattr("safety_core.edge.bundles.prove", _proves_nothing)
            with pytest.raises(PolicyError, match="pattern shop"):
                await sync.pull()
    for _ in range(2):
        async with world.edge() as sync:
            await sync.load_last()
            assert sync.in_force.current(time.time()).policy.revision == "calm"
            assert "pattern shop" in str(sync.in_force.trouble)
            with pytest.raises(UnprovenError, match="pattern shop"):
                await sync.pull()
            assert sync.in_force.current(time.time()).policy.revision == "calm"
    async with world.edge() as sync:
        await sync.load_last()
        world.repository.publish(release("mended"))
        await sync.pull()
        assert sync.in_force.current(time.time()).policy.revision == "mended"
        assert sync.in_force.trouble is None


async def test_a_policy_that_was_refused_or_deleted_does_not_bring_back_an_older_one(world: World) -> None:
    world.repository.publish()
    async with world.edge() as sync:
        await sync.pull()
        world.repository.publish(release("strict"))
        await sync.pull()
    active = world.folder / "active"
    active.write_bytes(active.read_bytes()[:-9])
    async with world.edge() as sync:
        await sync.load_last()
        assert isinstance(sync.in_force.trouble, TamperedError)
        assert not sync.in_force.any
    active.unlink()
    async with world.edge() as sync:
        await sync.load_last()
        with pytest.raises(NoPolicyError, match="none has been received yet"):
            sync.in_force.latest()


async def test_an_engine_that_never_starts_leaves_the_last_policy_to_be_tried_again(world: World) -> None:
    world.repository.publish()
    async with world.edge() as sync:
        await sync.pull()
        world.repository.publish(release("strict"))
        await sync.pull()
    world.startable = False
    async with world.edge() as sync:
        await sync.load_last()
        assert not sync.in_force.any
        world.startable = True
        await sync.pull()
        assert sync.in_force.latest().policy.revision == "strict"
