"""The hub reads what it distributes as an edge would: from the tenant's root, and no further than that verifies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import NotFoundError
from hub.policy import reading
from hub.repository.shelf import Shelf
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub
from tests.simulators.repository import TENANT, Repository, release, role_keys

HERE = TenantId(TENANT)


async def test_a_tenant_without_a_publication_has_no_policy(small_hub: RunningHub) -> None:
    assert await reading.policy_of(small_hub.context, HERE) is None
    assert await reading.revisions(small_hub.context, HERE) == ()
    with pytest.raises(NotFoundError):
        await reading.bundle_at(small_hub.context, HERE, 1)


async def test_the_newest_and_every_older_revision_are_read(small_hub: RunningHub) -> None:
    source = Repository().publish(release("calm"))
    small_hub.context.repositories.put(HERE, source.files)
    first = await reading.policy_of(small_hub.context, HERE)
    source.publish(release("storm"))
    small_hub.context.repositories.put(HERE, source.files)
    policy = await reading.policy_of(small_hub.context, HERE)
    assert (first and (first.revision, first.version), policy and (policy.revision, policy.version)) == (
        ("calm", 1),
        ("storm", 2),
    )
    listed = await reading.revisions(small_hub.context, HERE)
    assert [(item.version, item.revision) for item in listed] == [(2, "storm"), (1, "calm")]
    assert (await reading.bundle_at(small_hub.context, HERE, 1)).revision == "calm"
    assert await reading.policy_of(small_hub.context, HERE) is policy  # kept by digest


async def test_an_expired_publication_stays_readable(small_hub: RunningHub) -> None:
    small_hub.context.repositories.put(HERE, Repository().publish().files)
    small_hub.clock.now += 400 * 86400
    assert await reading.policy_of(small_hub.context, HERE) is not None


async def test_what_cannot_be_verified_is_not_there(small_hub: RunningHub) -> None:
    files = Repository().publish().files
    forged = {**files, "root/1.json": Repository().rotate(role_keys("evil")).files["root/2.json"]}
    bundle = next(name for name in files if name.startswith("bundles/"))
    home = small_hub.context.settings.data / "repositories" / HERE
    small_hub.context.repositories.put(HERE, files)
    (home / bundle).write_bytes(b"changed on the hub's disk")
    assert await reading.policy_of(small_hub.context, HERE) is None
    (home / "root/1.json").write_bytes(forged["root/1.json"])
    assert await reading.policy_of(small_hub.context, HERE) is None
    (home / "targets/1.json").write_bytes(b"{}")
    assert await reading.revisions(small_hub.context, HERE) == ()


async def test_revisions_survive_new_keys(small_hub: RunningHub) -> None:
    source = Repository().publish(release("calm")).rotate(role_keys("two")).publish(release("storm"))
    small_hub.context.repositories.put(HERE, source.files)
    listed = await reading.revisions(small_hub.context, HERE)
    assert [item.revision for item in listed] == ["storm", "calm"]


async def test_what_is_kept_is_bounded_and_holds_nothing_that_only_judging_needs(small_hub: RunningHub) -> None:
    small_hub.context.repositories.put(HERE, Repository().publish().files)
    policy = await reading.policy_of(small_hub.context, HERE)
    whole = await reading.bundle_at(small_hub.context, HERE, 1)
    assert policy is not None
    assert (policy.patterns, policy.catalogue, policy.volatile) == ((), {}, {})
    assert replace(whole.policy, patterns=(), catalogue={}, volatile={}) == policy
    shelf: Shelf[int] = Shelf(2)
    assert [shelf.take((number,), lambda found=number: found) for number in (1, 2, 1, 3)] == [1, 2, 1, 3]  # type: ignore[misc]
    assert (shelf.look((1,)), shelf.look((2,)), shelf.look((3,))) == ((1,), None, (3,))


async def test_a_publication_that_cannot_be_verified_costs_its_reading_once(
    small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Repository().publish().files
    bundle = next(name for name in files if name.startswith("bundles/"))
    small_hub.context.repositories.put(HERE, files)
    (small_hub.context.settings.data / "repositories" / HERE / bundle).write_bytes(b"changed")
    assert await reading.policy_of(small_hub.context, HERE) is None
    monkeypatch.setattr(reading, "_newest", None)  # not called again
    assert await reading.policy_of(small_hub.context, HERE) is None


async def test_a_disk_that_fails_is_asked_again(small_hub: RunningHub) -> None:
    files = Repository().publish().files
    small_hub.context.repositories.put(HERE, files)
    home = small_hub.context.settings.data / "repositories" / HERE
    (home / "targets/1.json").rename(home / "targets/1.away")
    assert await reading.policy_of(small_hub.context, HERE) is None
    (home / "targets/1.away").rename(home / "targets/1.json")
    assert await reading.policy_of(small_hub.context, HERE) is not None
