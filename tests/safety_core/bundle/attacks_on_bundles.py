"""Attacks on the bundle: its own signature, whom it is for, its archive, and JSON that can be read in two ways."""

from __future__ import annotations

import base64
import gzip
import hmac
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from safety_core.bundle.archive import pack
from safety_core.bundle.sign import SIGNATURES
from safety_core.errors import (
    SafetyError,
)
from tests.safety_core.bundle.attack_scene import PUBLIC, Files, Scene
from tests.simulators import repository as simulated
from tests.simulators.repository import TENANT, release

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


def archive(name: str, kind: bytes = tarfile.REGTYPE, *, twice: bool = False) -> Callable[[Scene], None]:
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


def endless(start: str) -> Callable[[Scene], None]:
    def attack(scene: Scene) -> None:
        for name in [name for name in scene.files if name.startswith(start)] or [start]:
            scene.files[name] = scene.files.get(name, b"") + b" " * 17 * 1024 * 1024
        scene.edge = scene.repository.client()

    return attack


def endless_roots(scene: Scene) -> None:
    for _ in range(64):
        scene.repository.rotate(scene.repository.keys)


# JSON with a second reading -------------------------------------------------------------------------------------------


def document(change: Callable[[bytes], bytes]) -> Callable[[Scene], None]:
    def attack(scene: Scene) -> None:
        scene.files["timestamp.json"] = change(scene.files["timestamp.json"])

    return attack


def data(change: Callable[[bytes], bytes]) -> Callable[[Scene], None]:
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


def member(text: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(b"{", b"{" + text + b",", 1)
