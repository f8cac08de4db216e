"""What an attacker who serves the repository can try, as one table: each attack, what it takes, and the error it meets.

The edge has seen version 1 ("calm") and version 2 ("strict"). Then the attack happens, and the edge looks again.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from safety_core.bundle.archive import pack
from safety_core.bundle.roles import Keys, Release, make_root
from safety_core.bundle.sign import SIGNATURES, public_pem
from safety_core.errors import (
    BundleError,
    FreezeError,
    MixAndMatchError,
    OversizeError,
    PolicyError,
    RollbackError,
    SafetyError,
    TamperedError,
    UnavailableError,
    UnderSignedError,
    UnsafePathError,
    WrongTenantError,
)
from tests.simulators import repository as simulated
from tests.simulators.repository import DAY, NOW, TENANT, Client, Repository, release, role_keys, signer

Files = dict[str, bytes]
PUBLIC = public_pem(simulated.bundle_key())


@dataclass
class Scene:
    """The attacker's repository, what it held at version 1, and the edge."""

    repository: Repository
    past: Files
    edge: Client

    @property
    def files(self) -> Files:
        return self.repository.files

    def serve(self, files: Mapping[str, bytes], *, archive: bytes = b"") -> None:
        """Publish a bundle of these files, with every key of the repository."""
        self.repository.publish(Release(TENANT, "evil", archive or pack(files), PUBLIC))

    def go_back(self, *names: str) -> None:
        for name in names:
            self.files[name] = self.past[name]


def scene() -> Scene:
    repository = Repository().publish()
    edge, past = repository.client(), dict(repository.files)
    edge.refresh()
    repository.publish(release("strict"))
    edge.refresh()
    return Scene(repository, past, edge)


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


# The bundle's own signature -------------------------------------------------------------------------------------------


def unsigned_bundle(scene: Scene) -> None:
    scene.serve(simulated.unsigned_files("evil"))


def _token(files: Mapping[str, bytes], header: dict[str, Any], sign: Callable[[bytes], bytes]) -> Files:
    """Return the files with the same claims under another header and signature."""
    parts = json.loads(files[SIGNATURES])["signatures"][0].split(".")
    message = f"{_text(json.dumps(header, separators=(',', ':')).encode())}.{parts[1]}"
    token = f"{message}.{_text(sign(message.encode()))}"
    return {**files, SIGNATURES: json.dumps({"signatures": [token]}).encode()}


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def algorithm_none(scene: Scene) -> None:
    scene.serve(_token(simulated.signed_files("evil"), {"alg": "none", "kid": "safety-gateway"}, lambda _: b""))


def public_key_as_a_password(scene: Scene) -> None:
    header = {"alg": "HS256", "kid": "safety-gateway"}
    files = simulated.signed_files("evil")
    scene.serve(_token(files, header, lambda message: hmac.digest(PUBLIC.encode(), message, "sha256")))


def password_called_es256(scene: Scene) -> None:
    header = {"alg": "ES256", "kid": "safety-gateway"}
    files = simulated.signed_files("evil")
    scene.serve(_token(files, header, lambda message: hmac.digest(PUBLIC.encode(), message, "sha512")))


def key_of_ones_own(scene: Scene) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    jwk = own.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(message: bytes) -> bytes:
        first, second = decode_dss_signature(own.sign(message, ec.ECDSA(hashes.SHA256())))
        return first.to_bytes(32, "big") + second.to_bytes(32, "big")

    header = {"alg": "ES256", "jwk": jwk.decode(), "kid": "safety-gateway"}
    scene.serve(_token(simulated.signed_files("evil"), header, sign))


def two_tokens(scene: Scene) -> None:
    files = simulated.signed_files("evil")
    token = json.loads(files[SIGNATURES])["signatures"][0]
    scene.serve({**files, SIGNATURES: json.dumps({"signatures": [token, token]}).encode()})


def changed_rule(scene: Scene) -> None:
    files = dict(simulated.signed_files("evil"))
    files["rules/deletes/deletes.rego"] += b"\n# nothing to see here\n"
    scene.serve(files)


def unsigned_delta(scene: Scene) -> None:
    patch = b'{"data": [{"op": "replace", "path": "/matrix/red/trusted", "value": "allow"}]}'
    scene.serve({**simulated.signed_files("evil"), "patch.json": patch})


def signed_delta(scene: Scene) -> None:
    scene.serve(simulated.signed({**simulated.unsigned_files("evil"), "patch.json": b"{}"}))


# For somebody else ----------------------------------------------------------------------------------------------------


def _rename(targets: dict[str, Any]) -> None:
    targets[f"{TENANT}/bundle.tar.gz"] = targets.pop("tenant-two/bundle.tar.gz")


def another_tenants_target(scene: Scene) -> None:
    scene.repository.edit("targets/2.json", lambda signed: signed.update(targets={}))
    scene.repository.renew()


def another_tenants_bundle_under_this_name(scene: Scene) -> None:
    scene.repository.publish(release("evil", "tenant-two"))
    scene.repository.edit("targets/3.json", lambda signed: _rename(signed["targets"]))
    scene.repository.renew()


def another_tenants_scope(scene: Scene) -> None:
    scene.serve(simulated.signed_files("evil", scope="tenant-two"))


def another_tenants_manifest(scene: Scene) -> None:
    scene.serve(simulated.signed_files("evil", "tenant-two", scope=TENANT))


# Archives that are no plain archives ----------------------------------------------------------------------------------


def _archive(name: str, kind: bytes = tarfile.REGTYPE, *, twice: bool = False) -> Callable[[Scene], None]:
    def attack(scene: Scene) -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for _ in range(1 + twice):
                member = tarfile.TarInfo(name)
                member.type, member.linkname = kind, "/etc/passwd" if kind != tarfile.REGTYPE else ""
                archive.addfile(member)
        scene.serve({}, archive=gzip.compress(buffer.getvalue(), mtime=0))

    return attack


def gzip_bomb(scene: Scene) -> None:
    squeezed = gzip.compress(b"\0" * (129 * 1024 * 1024), compresslevel=1, mtime=0)
    scene.serve({}, archive=squeezed)


def crowd_of_files(scene: Scene) -> None:
    scene.serve({f"f{number}": b"" for number in range(20_001)})


def second_archive_behind_the_first(scene: Scene) -> None:
    scene.serve({}, archive=pack(simulated.signed_files("evil")) * 2)


def no_archive(scene: Scene) -> None:
    scene.serve({}, archive=b"PK\x03\x04 a zip")


def _endless(start: str) -> Callable[[Scene], None]:
    def attack(scene: Scene) -> None:
        for name in [name for name in scene.files if name.startswith(start)] or [start]:
            scene.files[name] = scene.files.get(name, b"") + b" " * 17 * 1024 * 1024
        scene.edge = scene.repository.client()

    return attack


def endless_roots(scene: Scene) -> None:
    for _ in range(64):
        scene.repository.rotate(scene.repository.keys)


# JSON with a second reading -------------------------------------------------------------------------------------------


def _document(change: Callable[[bytes], bytes]) -> Callable[[Scene], None]:
    def attack(scene: Scene) -> None:
        scene.files["timestamp.json"] = change(scene.files["timestamp.json"])

    return attack


def _data(change: Callable[[bytes], bytes]) -> Callable[[Scene], None]:
    """Change data.json, as somebody does who also has the bundle's key."""

    def attack(scene: Scene) -> None:
        files = dict(simulated.unsigned_files("evil"))
        files["data.json"] = change(files["data.json"])
        scene.serve(_forged(files))

    return attack


def _forged(files: Files) -> Mapping[str, bytes]:
    try:
        return simulated.signed(files)
    except SafetyError:  # our own tool does not sign it
        return {**files, SIGNATURES: simulated.signed_files("evil")[SIGNATURES]}


def _member(text: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(b"{", b"{" + text + b",", 1)


ATTACKS: list[tuple[str, Callable[[Scene], None], type[SafetyError], str]] = [
    # who serves the files, and has no key
    ("an older timestamp", old_timestamp, RollbackError, "version 1, older than 2"),
    ("the first root in place of the next", same_root_again, RollbackError, "version 1 where 2 must follow"),
    ("no news for a day", nothing_new_for_a_day, FreezeError, "timestamp: has expired"),
    ("a genuine snapshot in place of another", snapshot_of_version_one, MixAndMatchError, "snapshot: is genuine"),
    ("genuine targets in place of others", targets_of_version_one, MixAndMatchError, "targets: is genuine"),
    ("a genuine bundle in place of another", bundle_of_version_one, TamperedError, "not the one that the targets"),
    ("a file left out", nothing_where_something_is_named, UnavailableError, "is not in the repository"),
    ("a document without signatures", unsigned_document, UnderSignedError, "by 0 of the 1"),
    ("a changed document", changed_document, TamperedError, "not valid"),
    (
        "a root of one's own",
        root_of_ones_own,
        UnderSignedError,
        "root: is signed by 0 of the 2",
    ),
    ("endless root", _endless("root/2.json"), OversizeError, "larger"),
    ("endless timestamp", _endless("timestamp.json"), OversizeError, "larger"),
    ("endless snapshot", _endless("snapshot/"), OversizeError, "larger"),
    ("endless targets", _endless("targets/"), OversizeError, "larger"),
    ("endless bundle", _endless("bundles/"), OversizeError, "larger"),
    ("a field twice in a document", _document(_member(b'"signatures":[]')), TamperedError, "cannot be read"),
    ("NaN in a document", _document(_member(b'"a":NaN')), TamperedError, "cannot be read"),
    ("half a character in a document", _document(_member(b'"a":"\\ud800"')), TamperedError, "cannot be read"),
    ("a huge number in a document", _document(_member(b'"a":1' + b"0" * 5000)), TamperedError, "cannot be read"),
    ("a deep document", _document(_member(b'"a":' + b"[" * 5000 + b"]" * 5000)), TamperedError, "cannot be read"),
    ("space in a document", _document(lambda raw: raw + b" "), TamperedError, "one canonical form"),
    # who has the keys of timestamp or snapshot, which stand on servers
    ("an older snapshot", old_snapshot_under_a_new_timestamp, RollbackError, "timestamp"),
    ("older targets", old_targets_under_a_new_snapshot, RollbackError, "older targets than 2"),
    ("two timestamps of one version", second_form_of_a_timestamp, MixAndMatchError, "two different forms"),
    ("a timestamp for a year", timestamp_for_a_year, FreezeError, "more than a day"),
    ("versions run ahead", fast_forward, RollbackError, "older than 2147483648"),
    ("only timestamps for a quarter", nothing_but_timestamps_for_a_quarter, FreezeError, "targets: has expired"),
    # who has keys, and too few
    ("one of two targets keys", one_of_two_targets_keys, UnderSignedError, "targets: is signed by 1 of the 2"),
    ("one targets key, twice", same_key_twice, UnderSignedError, "targets: is signed by 1 of the 2"),
    ("every key but targets", no_targets_key, UnderSignedError, "targets: is signed by 0 of the 2"),
    ("every key but snapshot", no_snapshot_key, UnderSignedError, "snapshot: is signed by 0"),
    ("every key but timestamp", no_timestamp_key, UnderSignedError, "timestamp: is signed by 0"),
    ("one of two root keys", one_of_two_root_keys, UnderSignedError, "root: is signed by 1 of the 2"),
    ("keys that were revoked", revoked_keys, UnderSignedError, "by 0 of"),
    # who has all the keys of targets, and not the bundle's
    ("no signature in the bundle", unsigned_bundle, TamperedError, "bundle signature: is missing"),
    ("alg none", algorithm_none, TamperedError, "is not one token|is not ES256"),
    ("HS256 with the public key", public_key_as_a_password, TamperedError, "is not ES256"),
    ("an HMAC that is called ES256", password_called_es256, TamperedError, "was not made by the key"),
    ("a key in the token's own header", key_of_ones_own, TamperedError, "is not ES256"),
    ("two tokens", two_tokens, TamperedError, "is not one token"),
    ("a changed rule", changed_rule, TamperedError, "exactly the files"),
    ("a delta bundle, unsigned", unsigned_delta, TamperedError, "exactly the files"),
    ("a revision that its target does not name", another_revision_inside, MixAndMatchError, "another revision"),
    ("targets without this tenant", another_tenants_target, WrongTenantError, "have no bundle for"),
    ("another tenant's target", another_tenants_bundle_under_this_name, WrongTenantError, "target: says"),
    ("another tenant's scope", another_tenants_scope, WrongTenantError, "another scope"),
    ("another tenant's manifest", another_tenants_manifest, WrongTenantError, "bundle manifest"),
    # who has every key: a publisher's machine that was taken over
    ("a root out of order", root_out_of_order, RollbackError, "version 5 where 2 must follow"),
    ("endless roots", endless_roots, OversizeError, "more than 64 new versions"),
    ("a root that was never renewed", nothing_but_what_an_old_root_signs, FreezeError, "root: has expired"),
    ("a delta bundle, signed", signed_delta, PolicyError, "patch.json"),
    ("a path with ..", _archive("../../etc/cron.d/x"), UnsafePathError, "holds the path"),
    ("an absolute path", _archive("/etc/passwd"), UnsafePathError, "holds the path"),
    ("a path of Windows", _archive("C:\\x"), UnsafePathError, "holds the path"),
    ("a symbolic link", _archive("a", tarfile.SYMTYPE), UnsafePathError, "no plain file"),
    ("a hard link", _archive("a", tarfile.LNKTYPE), UnsafePathError, "no plain file"),
    ("a device", _archive("a", tarfile.CHRTYPE), UnsafePathError, "no plain file"),
    ("a pipe", _archive("a", tarfile.FIFOTYPE), UnsafePathError, "no plain file"),
    ("a folder", _archive("a", tarfile.DIRTYPE), UnsafePathError, "no plain file"),
    ("one name twice", _archive("a", twice=True), TamperedError, "one canonical form"),
    ("a gzip bomb", gzip_bomb, OversizeError, "unpacks to more"),
    ("a crowd of files", crowd_of_files, OversizeError, "more than 20000 files"),
    ("a second archive behind the first", second_archive_behind_the_first, TamperedError, "goes on after its end"),
    ("no archive", no_archive, TamperedError, "is not gzip"),
    ("a field twice in the data", _data(_member(b'"floors":[]')), PolicyError, "stands twice|duplicate|twice"),
    ("NaN in the data", _data(_member(b'"a":NaN')), PolicyError, "NaN"),
    ("half a character in the data", _data(_member(b'"a":"\\ud800"')), TamperedError, "cannot be read"),
    ("a huge number in the data", _data(_member(b'"a":1' + b"0" * 5000)), PolicyError, "digits"),
    ("deep data", _data(_member(b'"a":' + b"[" * 100_000 + b"]" * 100_000)), TamperedError, "cannot be read"),
]


@pytest.mark.parametrize(("attack", "error", "words"), [row[1:] for row in ATTACKS], ids=[row[0] for row in ATTACKS])
def test_each_attack_meets_its_own_error(attack: Callable[[Scene], None], error: type[SafetyError], words: str) -> None:
    stage = scene()
    attack(stage)
    with pytest.raises(error, match=words) as caught:
        stage.edge.refresh()
    assert type(caught.value) is error


def test_no_name_of_an_attack_is_left_without_one() -> None:
    proved = {"UnprovenError"}  # needs an engine: tests of `safety_core.edge.prove`
    met = {error.__name__ for _, _, error, _ in ATTACKS}
    assert {error.__name__ for error in BundleError.__subclasses__()} <= met | proved


def test_after_a_fast_forward_new_keys_are_the_way_back() -> None:
    stage = scene()
    fast_forward(stage)
    stage.repository.rotate(role_keys("two")).publish(release("recovered"))
    assert stage.edge.refresh().bundle.revision == "recovered"


def test_the_hash_names_the_bundle() -> None:
    stage = scene()
    update = stage.edge.refresh()
    assert hashlib.sha256(stage.files[update.path]).hexdigest() == update.sha256
