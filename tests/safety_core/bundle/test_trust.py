"""The client against an attacker who serves the repository: each attack has its own name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.archive import pack
from safety_core.bundle.roles import Keys, Release, make_root
from safety_core.bundle.trust import ROTATIONS, Known, refresh
from safety_core.errors import (
    BundleError,
    FreezeError,
    MixAndMatchError,
    OversizeError,
    RollbackError,
    TamperedError,
    UnavailableError,
    UnderSignedError,
    WrongTenantError,
)
from tests.simulators import repository as simulated
from tests.simulators.repository import DAY, NOW, TENANT, Client, Repository, release, role_keys, signer


@pytest.fixture
def repository() -> Repository:
    return Repository().publish()


def test_an_edge_follows_publications_and_rotations(repository: Repository) -> None:
    client = repository.client()
    assert client.refresh().bundle.revision == "calm"
    repository.publish(release("strict"))
    assert (client.refresh().bundle.revision, client.refresh().bundle.policy.version) == ("strict", 2)
    repository.rotate(role_keys("two")).publish(release("late")).rotate(role_keys("three")).publish(release("later"))
    assert client.refresh().bundle.revision == "later"
    assert repository.client().refresh().bundle.policy.version == 4
    assert len(client.known.roots) == 3
    assert client.refresh().path in repository.files


def test_what_led_to_a_bundle_is_enough_to_verify_it_again(repository: Repository) -> None:
    repository.rotate(role_keys("two")).publish()
    first = repository.client().refresh()
    alone = Repository()
    alone.files = dict(first.files)
    assert Client(alone, Known((repository.root,))).refresh().bundle == first.bundle


def test_a_bundle_is_vouched_for_as_long_as_its_timestamp(repository: Repository) -> None:
    assert repository.client().refresh().bundle.expires == NOW + DAY


def test_a_bundle_that_did_not_change_is_read_once_and_vouched_for_anew(repository: Repository) -> None:
    client = repository.client()
    first = client.refresh().bundle
    repository.now += DAY / 2
    repository.renew()
    second = client.refresh().bundle
    assert second.policy is first.policy
    assert second.expires > first.expires
    repository.publish()
    assert client.refresh().bundle.policy.version == 2, "the same bytes under another version are read anew"


def test_a_bundle_that_did_not_change_is_read_anew_under_another_key(repository: Repository) -> None:
    client = repository.client()
    client.refresh()
    repository.publish()
    repository.edit("targets/2.json", lambda signed: _target(signed)["custom"].update(signing_key="no key"))
    repository.renew()
    with pytest.raises(TamperedError, match="not a public key"):
        client.refresh()


def _target(signed: Any) -> Any:
    return next(iter(signed["targets"].values()))


def test_an_older_timestamp_is_a_rollback(repository: Repository) -> None:
    client, old = repository.client(), repository.files["timestamp.json"]
    repository.publish(release("strict"))
    client.refresh()
    repository.files["timestamp.json"] = old
    with pytest.raises(RollbackError, match="version 1, older than 2"):
        client.refresh()


def test_a_newer_timestamp_over_an_older_snapshot_is_a_rollback(repository: Repository) -> None:
    client, first = repository.client(), dict(repository.files)
    repository.publish(release("strict"))
    client.refresh()
    stolen = dict(repository.files)
    repository.files = {**first, "timestamp.json": stolen["timestamp.json"]}
    repository.edit(
        "timestamp.json", lambda signed: signed.update(json.loads(first["timestamp.json"])["signed"], version=9)
    )
    with pytest.raises(RollbackError):
        client.refresh()


def test_a_newer_snapshot_over_older_targets_is_a_rollback(repository: Repository) -> None:
    client, old = repository.client(), repository.files["targets/1.json"]
    repository.publish(release("strict"))
    client.refresh()
    del repository.files["targets/2.json"]
    repository.files["targets/1.json"] = old
    repository.renew()
    with pytest.raises(RollbackError, match="older targets than 2"):
        client.refresh()


def test_a_root_that_skips_a_version_is_refused(repository: Repository) -> None:
    keys = role_keys("two")
    repository.files["root/2.json"] = make_root(keys, version=3, now=NOW, also=repository.signers["root"])
    with pytest.raises(RollbackError, match="version 3 where 2 must follow"):
        repository.client().refresh()


def test_news_that_are_held_back_for_a_day_are_a_freeze(repository: Repository) -> None:
    client = repository.client()
    client.refresh(now=NOW + DAY - 1)
    with pytest.raises(FreezeError, match="timestamp: has expired"):
        client.refresh(now=NOW + DAY)
    assert client.refresh(now=NOW + DAY, grace=3600).bundle.revision == "calm"
    repository.now += DAY
    assert repository.renew().client().refresh().bundle.policy.version == 1


@pytest.mark.parametrize("role", ["root", "snapshot", "targets"])
def test_every_document_expires(role: str) -> None:
    repository = Repository(NOW if role != "root" else NOW - 365 * DAY).publish()
    repository.now = NOW + 91 * DAY if role == "targets" else NOW
    if role == "snapshot":
        repository.edit("snapshot/1.json", lambda signed: signed.update(expires="2020-01-01T00:00:00Z"))
        _point_to_snapshot(repository)
    repository.renew() if role != "snapshot" else None
    with pytest.raises(FreezeError, match=f"{role}: has expired"):
        repository.client().refresh()


def _point_to_snapshot(repository: Repository) -> None:
    raw = repository.files["snapshot/1.json"]
    meta = {"hashes": {"sha256": simulated.sha256(raw)}, "length": len(raw), "version": 1}
    repository.edit("timestamp.json", lambda signed: signed.update(meta={"snapshot.json": meta}))


def test_a_timestamp_for_longer_than_a_day_is_refused_at_once(repository: Repository) -> None:
    client = repository.client()
    with pytest.raises(FreezeError, match="more than a day"):
        client.refresh(now=NOW - 301)
    assert client.refresh(now=NOW - 299).bundle.revision == "calm"


def test_two_timestamps_of_one_version_are_mix_and_match(repository: Repository) -> None:
    client = repository.client()
    client.refresh()
    repository.edit("timestamp.json", lambda signed: signed.update(expires="2027-01-15T08:00:01Z"))
    with pytest.raises(MixAndMatchError, match="two different forms"):
        client.refresh()


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_a_genuine_document_in_the_place_of_another_is_mix_and_match(repository: Repository, role: str) -> None:
    repository.publish(release("strict"))
    repository.files[f"{role}/2.json"] = repository.files[f"{role}/1.json"]
    with pytest.raises(MixAndMatchError, match=f"{role}: is genuine"):
        repository.client().refresh()


def test_a_snapshot_that_names_no_targets_is_mix_and_match(repository: Repository) -> None:
    repository.edit("snapshot/1.json", lambda signed: signed.update(meta={}))
    _point_to_snapshot(repository)
    with pytest.raises(MixAndMatchError, match="does not name the targets"):
        repository.client().refresh()


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_fewer_signatures_than_the_threshold_are_refused(role: str) -> None:
    repository = Repository()
    keys = repository.keys[role]
    outsider = (signer("outsider"),)
    repository.keys[role] = Keys((*keys.signers[: keys.threshold - 1], *outsider), keys.threshold)
    repository.publish()
    with pytest.raises(UnderSignedError, match=rf"{role}: is signed by {keys.threshold - 1} of the {keys.threshold}"):
        repository.client().refresh()


def test_a_root_that_the_old_root_did_not_sign_is_refused(repository: Repository) -> None:
    repository.rotate(role_keys("attacker"), also=())
    with pytest.raises(UnderSignedError, match="root: is signed by 0 of the 2"):
        repository.client().refresh()


def test_a_revoked_key_counts_for_nothing(repository: Repository) -> None:
    revoked = repository.keys
    repository.rotate(role_keys("two"))
    repository.keys = revoked
    repository.publish(release("stolen"))
    with pytest.raises(UnderSignedError):
        repository.client().refresh()


def test_a_signature_of_a_stranger_beside_enough_good_ones_is_refused(repository: Repository) -> None:
    keys = repository.keys["timestamp"]
    repository.keys["timestamp"] = Keys((*keys.signers, signer("outsider")), 2)
    repository.renew()
    with pytest.raises(TamperedError, match="a key that is not its own"):
        repository.client().refresh()


@pytest.mark.parametrize("role", ["targets", "timestamp"])
def test_what_was_put_away_before_the_last_roots_holds_while_its_authors_keys_do(
    repository: Repository, role: str
) -> None:
    """The last good bundle on an edge's disk, once the edge knows of roots that came after it."""
    before = Repository()
    before.files = dict(repository.files)
    repository.rotate({**repository.keys, role: role_keys("two")[role]}).rotate(repository.keys)
    chain = tuple(repository.files[f"root/{version}.json"] for version in (1, 2, 3))
    client = before.client()
    steps = refresh(client.known, tenant=TENANT, now=NOW, later=chain)
    if role == "timestamp":
        assert client.follow(steps).bundle.revision == "calm"
    else:
        with pytest.raises(UnderSignedError, match="targets"):
            client.follow(steps)


def test_rotated_keys_recover_from_a_fast_forward_attack(repository: Repository) -> None:
    client = repository.client()
    good = dict(repository.files)
    repository.edit("timestamp.json", lambda signed: signed.update(version=2**31))
    client.refresh()
    repository.files = good
    with pytest.raises(RollbackError):
        client.refresh()
    repository.rotate(role_keys("two")).publish(release("recovered"))
    assert client.refresh().bundle.revision == "recovered"


def test_an_endless_chain_of_roots_ends(repository: Repository) -> None:
    for _ in range(ROTATIONS):
        repository.rotate(repository.keys)
    with pytest.raises(OversizeError, match="more than 64 new versions"):
        repository.client().refresh()


@pytest.mark.parametrize("path", ["root/2.json", "timestamp.json", "snapshot/1.json", "targets/1.json", "bundles"])
def test_endless_data_is_not_parsed(repository: Repository, path: str) -> None:
    name = next((name for name in repository.files if name.startswith(path)), path)
    repository.files[name] = repository.files.get(name, b"") + b" " * 17 * 1024 * 1024
    with pytest.raises(OversizeError):
        repository.client().refresh()


def test_a_file_that_is_named_and_missing_is_said_to_be_missing(repository: Repository) -> None:
    del repository.files["targets/1.json"]
    with pytest.raises(UnavailableError, match=r"targets/1\.json: is not in the repository"):
        repository.client().refresh()


def test_a_bundle_other_than_the_one_that_is_named_is_tampered(repository: Repository) -> None:
    name = next(name for name in repository.files if name.startswith("bundles/"))
    raw = repository.files[name]
    for other in (raw[:-1], raw[:-1] + b"\x01"):
        repository.files[name] = other
        with pytest.raises(TamperedError, match="not the one that the targets name"):
            repository.client().refresh()


def test_another_tenants_bundle_is_refused_in_each_of_its_four_places() -> None:
    with pytest.raises(WrongTenantError, match="targets: have no bundle for tenant-two"):
        Repository().publish().client().refresh(tenant="tenant-two")
    said = Repository().publish(simulated.release_of(simulated.signed_files(), tenant="tenant-two"))
    said.edit("targets/1.json", lambda signed: _rename(signed["targets"]))
    said.renew()
    with pytest.raises(WrongTenantError, match="target: says"):
        said.client().refresh()
    scope = Repository().publish(simulated.release_of(simulated.signed_files(scope="tenant-two")))
    with pytest.raises(WrongTenantError, match="bundle signature: is for another scope"):
        scope.client().refresh()
    inside = simulated.signed_files(tenant="tenant-two", scope=TENANT)
    with pytest.raises(WrongTenantError, match="bundle manifest"):
        Repository().publish(simulated.release_of(inside)).client().refresh()


def _rename(targets: dict) -> None:  # type: ignore[type-arg]
    targets[f"{TENANT}/bundle.tar.gz"] = targets.pop("tenant-two/bundle.tar.gz")


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda target: target.pop("custom"), TamperedError, "incomplete"),
        (lambda target: target["custom"].pop("signing_key"), TamperedError, "incomplete"),
        (lambda target: target["custom"].update(signing_key="no key"), TamperedError, "not a public key"),
        (lambda target: target["custom"].update(revision="other"), MixAndMatchError, "another revision"),
        (lambda target: target["hashes"].update(md5="00"), TamperedError, "another form"),
    ],
)
def test_a_target_that_says_something_else_is_refused(
    repository: Repository,
    change: Callable[[dict], object],
    error: type[BundleError],
    words: str,  # type: ignore[type-arg]
) -> None:
    repository.edit("targets/1.json", lambda signed: change(signed["targets"][f"{TENANT}/bundle.tar.gz"]))
    repository.renew()
    with pytest.raises(error, match=words):
        repository.client().refresh()


def test_a_delegation_is_not_followed(repository: Repository) -> None:
    repository.edit("targets/1.json", lambda signed: signed.update(delegations={"keys": {}, "roles": []}))
    repository.renew()
    with pytest.raises(TamperedError, match="another form"):
        repository.client().refresh()


def test_an_unsigned_bundle_is_refused_although_the_targets_name_it() -> None:
    files = {name: raw for name, raw in simulated.signed_files().items() if name != ".signatures.json"}
    repository = Repository().publish(Release(TENANT, "calm", pack(files), release().public_pem))
    with pytest.raises(TamperedError, match="bundle signature: is missing"):
        repository.client().refresh()


ROTATED = Repository().publish().rotate(role_keys("two")).publish(release("strict"))
SERVED = [*sorted(ROTATED.client().refresh().files), "root/1.json"]


@given(data=st.data())
def test_any_flipped_bit_of_any_file_is_refused(data: st.DataObject) -> None:
    attacked = Repository()
    attacked.files = dict(ROTATED.files)
    path = data.draw(st.sampled_from(SERVED))
    raw = bytearray(attacked.files[path])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    attacked.files[path] = bytes(raw)
    with pytest.raises(BundleError):
        Client(attacked, Known((attacked.files["root/1.json"],))).refresh()
