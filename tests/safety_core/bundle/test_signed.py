"""One signed document: canonical, genuine, by enough keys of the right kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Metadata, Root, Timestamp

from safety_core.bundle.roles import Ed25519Signer, Keys, document_bytes, make_root, publish
from safety_core.bundle.signed import LIMITS, read_root, read_signed
from safety_core.canonical import canonical_bytes
from safety_core.errors import OversizeError, PolicyError, TamperedError, UnderSignedError
from tests.simulators.repository import NOW, Repository, release, role_keys, signer

ROOT = Repository().root


def changed(change: Callable[[dict[str, Any]], object], raw: bytes = ROOT) -> bytes:
    document = json.loads(raw)
    change(document)
    return canonical_bytes(document)


def test_a_root_vouches_for_itself() -> None:
    assert read_root(ROOT).version == 1


@pytest.mark.parametrize(
    ("raw", "error", "words"),
    [
        (b" " * (LIMITS["root"] + 1), OversizeError, "is larger than"),
        (b"{", TamperedError, "cannot be read"),
        (ROOT + b"\n", TamperedError, "one canonical form"),
        (json.dumps(json.loads(ROOT)).encode(), TamperedError, "one canonical form"),
        (changed(lambda d: d.update(more=1)), TamperedError, "has a field that is not known"),
        (changed(lambda d: d["signatures"][0].update(more=1)), TamperedError, "has a field that is not known"),
        (changed(lambda d: d["signatures"][0].update(sig="AB" * 64)), TamperedError, "no Ed25519 signature"),
        (changed(lambda d: d["signatures"][0].update(sig="ab" * 64)), TamperedError, "not valid"),
        (changed(lambda d: d["signatures"].append(d["signatures"][0])), TamperedError, "not a TUF document"),
        (changed(lambda d: d["signed"].pop("version")), TamperedError, "not a TUF document"),
        (changed(lambda d: d["signed"].update(_type="elsewhere")), TamperedError, "not a TUF document"),
        (changed(lambda d: d["signed"].update(version=2)), TamperedError, "not valid"),
        (changed(lambda d: d["signatures"].clear()), UnderSignedError, "by 0 of the 2"),
        (Repository().publish().files["timestamp.json"], TamperedError, "is a timestamp document"),
    ],
)
def test_anything_else_is_refused(raw: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read_root(raw)


def root_with(name: str, key: SSlibKey) -> bytes:
    one = signer("root")
    root = Root(version=1, keys={one.public_key.keyid: one.public_key, name: key})
    root.roles["root"].keyids = [one.public_key.keyid, name]
    return document_bytes(Metadata(root), [one])


def test_one_key_does_not_count_twice_under_another_name() -> None:
    public = signer("root").public_key.keyval
    twin = SSlibKey("ab" * 32, "ed25519", "ed25519", {**public})
    with pytest.raises(TamperedError, match="not under its own name"):
        read_root(root_with("ab" * 32, twin))


@pytest.mark.parametrize("keyval", [{"public": "no key"}, {"public": "AB" * 32}, {"private": "x", "public": "cd" * 32}])
def test_keys_of_another_kind_are_refused(keyval: dict[str, str]) -> None:
    with pytest.raises(TamperedError, match="not Ed25519"):
        read_root(root_with("cd" * 32, SSlibKey("cd" * 32, "ed25519", "ed25519", keyval)))


def test_a_document_is_read_under_the_root_that_is_trusted() -> None:
    raw = Repository().publish().files["timestamp.json"]
    assert read_signed(Timestamp, raw, read_root(ROOT)).version == 1
    other = read_root(make_root(role_keys("two"), version=1, now=NOW))
    with pytest.raises(UnderSignedError):
        read_signed(Timestamp, raw, other)


def test_signers_are_made_from_seeds_only() -> None:
    with pytest.raises(PolicyError, match="key files"):
        Ed25519Signer.from_priv_key_uri("file:key", signer("root").public_key)


def test_a_repository_that_cannot_be_read_is_not_published_into() -> None:
    signers = {role: keys.signers for role, keys in role_keys().items()}
    with pytest.raises(PolicyError, match="of the repository cannot be read"):
        publish({"timestamp.json": b"{"}, release(), signers, NOW)


def test_a_root_needs_as_many_keys_as_its_threshold() -> None:
    roles = {**role_keys(), "root": Keys((signer("root"),), 1)}
    assert read_root(make_root(roles, version=1, now=NOW)).roles["root"].threshold == 1
