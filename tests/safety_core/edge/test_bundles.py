"""The bundle store: pulls, verifies, proves, swaps; keeps the last good one, and never goes back."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from safety_core.bundle.golden import vector_line
from safety_core.bundle.roles import Release
from safety_core.edge.bundles import BundleStore
from safety_core.edge.files import replace_file
from safety_core.edge.shipped import shipped_sources
from safety_core.errors import (
    FreezeError,
    OversizeError,
    PolicyError,
    RollbackError,
    TamperedError,
    UnavailableError,
    UnderSignedError,
    UnprovenError,
    WrongTenantError,
)
from safety_core.model.policy import Pattern
from tests.simulators import repository as simulated
from tests.simulators.repository import DAY, NOW, TENANT, Repository, release, role_keys


class Edge:
    """A store with the disk under it; `again` is the same edge after a restart."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        self.folder = folder
        self.repository = repository
        self.asked: list[str] = []
        self.store = BundleStore(folder, TENANT, repository.root)

    def again(self) -> Edge:
        return Edge(self.folder, self.repository)

    async def fetch(self, path: str) -> bytes | None:
        await asyncio.sleep(0)
        self.asked.append(path)
        return self.repository.files.get(path)

    async def pull(self, now: float = NOW) -> str | None:
        bundle = await self.store.refresh(self.fetch, now)
        return bundle.revision if bundle else None


@pytest.fixture
def edge(tmp_path: Path) -> Edge:
    return Edge(tmp_path / "bundles", Repository().publish())


async def test_a_bundle_is_pulled_once_and_survives_a_restart(edge: Edge) -> None:
    with pytest.raises(UnavailableError, match="none has been received"):
        edge.store.load_last(NOW)
    assert await edge.pull() == "calm"
    assert await edge.pull() is None
    assert sum(path.startswith("bundles/") for path in edge.asked) == 1
    restarted = edge.again()
    assert restarted.store.load_last(NOW).revision == "calm"
    assert await restarted.pull() is None
    assert not any(path.startswith("bundles/") for path in restarted.asked)


async def test_a_newer_bundle_takes_its_place(edge: Edge) -> None:
    await edge.pull()
    edge.repository.rotate(role_keys("two")).publish(release("strict"))
    assert await edge.pull() == "strict"
    assert edge.again().store.load_last(NOW).policy.version == 2


async def test_a_renewed_timestamp_is_news_that_last(edge: Edge) -> None:
    await edge.pull()
    edge.repository.now += DAY / 2
    edge.repository.renew()
    assert await edge.pull(NOW + DAY / 2) == "calm"
    assert edge.again().store.load_last(NOW).expires == NOW + 1.5 * DAY
    assert sum(path.startswith("bundles/") for path in edge.asked) == 1


async def test_the_last_bundle_is_believed_for_its_expiry_and_the_grace(edge: Edge) -> None:
    await edge.pull()
    assert edge.store.load_last(NOW + DAY + 72 * 3600 - 1).revision == "calm"
    with pytest.raises(FreezeError):
        edge.store.load_last(NOW + DAY + 72 * 3600)
    with pytest.raises(FreezeError):
        await edge.pull(NOW + DAY)


async def test_going_back_is_refused_after_a_restart_too(edge: Edge) -> None:
    old = dict(edge.repository.files)
    edge.repository.publish(release("strict"))
    await edge.pull()
    edge.repository.files = old
    for attacked in (edge, edge.again()):
        with pytest.raises(RollbackError):
            await attacked.pull()
        assert attacked.store.load_last(NOW).revision == "strict"


async def test_a_rotation_is_remembered_even_if_nothing_else_comes_of_it(edge: Edge) -> None:
    await edge.pull()
    before = dict(edge.repository.files)
    edge.repository.rotate(role_keys("two"))
    with pytest.raises(UnderSignedError):
        await edge.pull()
    edge.repository.files = before
    with pytest.raises(UnderSignedError):
        await edge.again().pull()


async def test_an_unproven_bundle_keeps_the_last_good_one_and_is_tried_once(edge: Edge) -> None:
    await edge.pull()
    sources = {
        **simulated.SOURCES,
        "golden.jsonl": vector_line({"actions": [{"kind": "destroy", "targets": [{"value": "x"}]}]}, []),
    }
    edge.repository.publish(simulated.release_from(sources, "unproven"))
    for _ in range(2):
        with pytest.raises(UnprovenError, match=r"golden\.jsonl:1"):
            await edge.pull()
    assert edge.again().store.load_last(NOW).revision == "calm"
    edge.repository.publish(release("fixed"))
    assert await edge.pull() == "fixed"


async def test_a_genuine_bundle_with_a_wrong_policy_keeps_the_last_good_one(edge: Edge) -> None:
    await edge.pull()
    files = dict(simulated.unsigned_files("wrong"))
    files["data.json"] = files["data.json"].replace(b'"ask_strong"', b'"allow"')
    edge.repository.publish(simulated.release_of(simulated.signed(files), "wrong"))
    with pytest.raises(PolicyError):
        await edge.pull()
    assert edge.store.load_last(NOW).revision == "calm"


async def test_a_bundle_on_disk_is_for_its_tenant_and_root_only(edge: Edge) -> None:
    await edge.pull()
    with pytest.raises(WrongTenantError):
        BundleStore(edge.folder, "tenant-two", edge.repository.root).load_last(NOW)
    with pytest.raises(UnderSignedError):
        BundleStore(edge.folder, TENANT, simulated.root_of("other")).load_last(NOW)


@pytest.mark.parametrize("name", ["active", "known"])
async def test_a_damaged_file_is_named_and_can_be_deleted(edge: Edge, name: str) -> None:
    await edge.pull()
    path = edge.folder / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(TamperedError, match=f"{name}: is damaged"):
        edge.store.load_last(NOW) if name == "active" else await edge.pull()
    path.unlink()
    assert await edge.again().pull() == "calm"


async def test_files_are_this_users_alone(edge: Edge) -> None:
    await edge.pull()
    assert {path.name: path.stat().st_mode & 0o777 for path in edge.folder.iterdir()} == {
        "active": 0o600,
        "known": 0o600,
    }
    edge.repository.publish(release("strict"))
    await edge.pull()
    assert (edge.folder / "previous").stat().st_mode & 0o777 == 0o600


async def test_a_disk_that_cannot_be_used_is_named(edge: Edge) -> None:
    edge.folder.parent.mkdir(exist_ok=True)
    edge.folder.write_text("a file where a folder should be")
    with pytest.raises(UnavailableError, match="cannot be"):
        await edge.pull()


async def test_a_hub_that_is_away_changes_nothing(edge: Edge) -> None:
    await edge.pull()

    async def away(path: str) -> bytes | None:
        raise UnavailableError("hub", "does not answer")

    with pytest.raises(UnavailableError):
        await edge.store.refresh(away, NOW)
    assert edge.store.load_last(NOW).revision == "calm"


async def test_a_file_that_comes_too_slowly_is_given_up_and_the_next_look_is_not_held_up(edge: Edge) -> None:
    async def never(path: str) -> bytes | None:
        await asyncio.sleep(3600)
        return None

    store = BundleStore(edge.folder, TENANT, edge.repository.root, fetch_seconds=0.05)
    with pytest.raises(UnavailableError, match=r"root/2\.json: did not come within 0\.05 s"):
        await store.refresh(never, NOW)
    bundle = await store.refresh(edge.fetch, NOW)
    assert bundle is not None


async def test_endless_data_ends(edge: Edge) -> None:
    edge.repository.files["timestamp.json"] += b" " * 20_000
    with pytest.raises(OversizeError):
        await edge.pull()


async def test_pulls_at_the_same_time_prove_once(edge: Edge) -> None:
    found = await asyncio.gather(edge.pull(), edge.pull(), edge.pull())
    assert sorted(map(str, found)) == ["None", "None", "calm"]


async def test_the_bundle_before_the_last_one_is_kept_whatever_is_renewed(edge: Edge) -> None:
    await edge.pull()
    with pytest.raises(UnavailableError, match="there was none before"):
        edge.store.load_previous(NOW)
    edge.repository.publish(release("strict"))
    await edge.pull()
    edge.repository.now += DAY / 2
    edge.repository.renew()
    await edge.pull(NOW + DAY / 2)
    again = edge.again()
    assert again.store.load_last(NOW).revision == "strict"
    assert again.store.load_previous(NOW).revision == "calm"
    with pytest.raises(FreezeError):
        again.store.load_previous(NOW + DAY + 72 * 3600)


async def test_after_going_back_the_last_bundle_is_looked_at_anew(edge: Edge) -> None:
    await edge.pull()
    edge.repository.publish(release("strict"))
    await edge.pull()
    again = edge.again()
    again.store.load_previous(NOW)
    assert await again.pull() == "strict"
    assert again.again().store.load_previous(NOW).revision == "calm"


async def test_what_revoked_keys_have_signed_is_not_believed_on_this_disk_either(edge: Edge) -> None:
    await edge.pull()
    edge.repository.publish(release("stolen"))
    await edge.pull()
    edge.repository.rotate(role_keys("two"))
    with pytest.raises(UnderSignedError):
        await edge.pull()
    again = edge.again().store
    for load in (again.load_last, again.load_previous):
        with pytest.raises((UnderSignedError, TamperedError)):
            load(NOW)
    edge.repository.publish(release("anew"))
    await edge.again().pull()
    assert edge.again().store.load_last(NOW).revision == "anew"


async def test_new_keys_for_timestamps_alone_leave_the_last_bundle_believed(edge: Edge) -> None:
    await edge.pull()
    edge.repository.rotate({**edge.repository.keys, "timestamp": role_keys("two")["timestamp"]})
    with pytest.raises(UnderSignedError):
        await edge.pull()
    assert edge.again().store.load_last(NOW).revision == "calm"


async def test_without_the_memory_of_roots_the_bundle_brings_its_own(edge: Edge) -> None:
    edge.repository.rotate(role_keys("two")).publish(release("strict"))
    await edge.pull()
    (edge.folder / "known").unlink()
    assert edge.again().store.load_last(NOW).revision == "strict"


LISTED = "patterns:\n  - {id: %s, title: Shop, expression: 'SHOP-%s-[0-9]{12}'}\n"


def with_patterns(revision: str, *names: str) -> Release:
    files = {f"patterns/{name}.yaml": (LISTED % (name, name)).encode() for name in names}
    shipped = {name: raw for name, raw in shipped_sources().items() if name.startswith("patterns/a")}
    return simulated.release_from({**simulated.SOURCES, **shipped, **files}, revision)


async def test_only_patterns_that_are_new_here_are_compiled_to_prove_them(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    async def compiles(patterns: list[Pattern]) -> None:
        asked.append([pattern.id for pattern in patterns])

    monkeypatch.setattr("safety_core.edge.prove.prove_patterns", compiles)
    for revision, names in (("one", ["till"]), ("two", ["till", "oven"]), ("three", ["oven"])):
        edge.repository.publish(with_patterns(revision, *names))
        assert await edge.pull() == revision
    assert asked == [["till"], ["oven"], []]


async def test_without_the_programs_own_policy_every_pattern_is_proved(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> tuple[Pattern, ...]:
        raise PolicyError("policies", "holds no policy")

    monkeypatch.setattr("safety_core.edge.bundles.shipped_patterns", missing)
    assert await edge.pull() == "calm"


class Killed(BaseException):
    """Stands for kill -9: nothing after it happens."""


@pytest.mark.parametrize("writes", range(6))
async def test_whenever_it_is_killed_it_has_a_policy_and_never_goes_back(
    edge: Edge, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await edge.pull()
    old = dict(edge.repository.files)
    edge.repository.publish(release("strict"))
    new, left = dict(edge.repository.files), [None] * writes

    def write(path: Path, raw: bytes) -> None:
        if not left:
            raise Killed
        left.pop()
        replace_file(path, raw)

    running = edge.again()
    running.store.load_last(NOW)
    with monkeypatch.context() as killing, contextlib.suppress(Killed):
        killing.setattr("safety_core.edge.bundles.replace_file", write)
        await running.pull()
    written = {path.name for path in edge.folder.iterdir()}
    assert ("previous" in written) == (writes >= 3)
    assert edge.again().store.load_last(NOW).revision == ("strict" if writes >= 4 else "calm")
    edge.repository.files = old
    with pytest.raises(RollbackError) if writes else contextlib.nullcontext():
        await edge.again().pull()
    edge.repository.files = new
    await edge.again().pull()
    assert edge.again().store.load_last(NOW).revision == "strict"
