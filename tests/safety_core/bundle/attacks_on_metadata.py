"""Attacks on what says which bundle is the newest: what is served of it, and who has signed it."""

from __future__ import annotations

import json

from safety_core.bundle.roles import Keys, make_root
from tests.safety_core.bundle.attack_scene import Scene
from tests.simulators import repository as simulated
from tests.simulators.repository import DAY, NOW, release, role_keys, signer

# Older or held back ---------------------------------------------------------------------------------------------------


def old_timestamp(scene: Scene) -> None:
    scene.go_back("timestamp.json")


def old_snapshot_under_a_new_timestamp(scene: Scene) -> None:
    body = json.loads(scene.past["timestamp.json"])["signed"]
    scene.repository.edit("timestamp.json", lambda signed: signed.update(body, version=9))


def old_targets_under_a_new_snapshot(scene: Scene) -> None:
    del scene.files["targets/2.json"]
    scene.repository.renew()


def root_out_of_order(scene: Scene) -> None:
    keys = scene.repository.keys
    scene.files["root/2.json"] = make_root(keys, version=5, now=NOW, also=scene.repository.signers["root"])


def same_root_again(scene: Scene) -> None:
    scene.files["root/2.json"] = scene.files["root/1.json"]


def fast_forward(scene: Scene) -> None:
    good = dict(scene.files)
    scene.repository.edit("timestamp.json", lambda signed: signed.update(version=2**31))
    scene.edge.refresh()
    scene.repository.files = good


def nothing_new_for_a_day(scene: Scene) -> None:
    scene.repository.now += DAY


def nothing_but_timestamps_for_a_quarter(scene: Scene) -> None:
    scene.repository.now += 91 * DAY
    scene.repository.renew()


def nothing_but_what_an_old_root_signs(scene: Scene) -> None:
    scene.repository.now += 366 * DAY
    scene.repository.publish(release("late"))


def timestamp_for_a_year(scene: Scene) -> None:
    scene.repository.edit("timestamp.json", lambda signed: signed.update(version=9, expires="2030-01-01T00:00:00Z"))


# Put together otherwise -----------------------------------------------------------------------------------------------


def snapshot_of_version_one(scene: Scene) -> None:
    scene.files["snapshot/2.json"] = scene.past["snapshot/1.json"]


def targets_of_version_one(scene: Scene) -> None:
    scene.files["targets/2.json"] = scene.past["targets/1.json"]


def second_form_of_a_timestamp(scene: Scene) -> None:
    scene.repository.edit("timestamp.json", lambda signed: signed.update(expires="2027-01-15T08:00:01Z"))


def bundle_of_version_one(scene: Scene) -> None:
    """Of the right length, so that its bytes decide."""
    old = next(name for name in scene.past if name.startswith("bundles/"))
    (new,) = (name for name in scene.files if name.startswith("bundles/") and name != old)
    length = len(scene.files[new])
    scene.files[new] = scene.past[old][:length].ljust(length, b"\0")


def another_revision_inside(scene: Scene) -> None:
    scene.serve(simulated.signed_files("strict"))


def nothing_where_something_is_named(scene: Scene) -> None:
    scene.repository.publish(release("third"))
    del scene.files["targets/3.json"]


# Stolen and made-up keys ----------------------------------------------------------------------------------------------


def _with(scene: Scene, role: str, *stolen: int) -> None:
    """Publish with these of the role's keys, and an outsider's in the place of the others."""
    keys = scene.repository.keys[role]
    outsiders = tuple(signer(f"outsider {number}") for number in range(keys.threshold - len(stolen)))
    scene.repository.keys[role] = Keys((*(keys.signers[number] for number in stolen), *outsiders), keys.threshold)
    scene.repository.publish(release("evil"))


def one_of_two_targets_keys(scene: Scene) -> None:
    _with(scene, "targets", 0)


def no_targets_key(scene: Scene) -> None:
    _with(scene, "targets")


def no_snapshot_key(scene: Scene) -> None:
    _with(scene, "snapshot")


def no_timestamp_key(scene: Scene) -> None:
    _with(scene, "timestamp")


def root_of_ones_own(scene: Scene) -> None:
    scene.repository.rotate(role_keys("mine"), also=())


def one_of_two_root_keys(scene: Scene) -> None:
    stolen = scene.repository.keys["root"].signers[:1]
    scene.repository.rotate(role_keys("attacker"), also=stolen)  # type: ignore[arg-type]


def revoked_keys(scene: Scene) -> None:
    before = scene.repository.keys
    scene.repository.rotate(role_keys("two")).publish(release("third"))
    scene.edge.refresh()
    scene.repository.keys = before
    scene.repository.publish(release("evil"))


def same_key_twice(scene: Scene) -> None:
    keys = scene.repository.keys["targets"]
    scene.repository.keys["targets"] = Keys((keys.signers[0], keys.signers[0]), 2)
    scene.repository.publish(release("evil"))


def unsigned_document(scene: Scene) -> None:
    document = json.loads(scene.files["timestamp.json"])
    scene.files["timestamp.json"] = json.dumps({**document, "signatures": []}, separators=(",", ":")).encode()


def changed_document(scene: Scene) -> None:
    scene.repository.edit("timestamp.json", lambda signed: signed.update(version=9), resign=False)
