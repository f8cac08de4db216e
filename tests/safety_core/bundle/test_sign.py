"""The OPA signature: covers exactly the files that are there, for one scope, by one key."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.sign import SIGNATURES, file_digest, new_private_pem, public_pem, sign_files, verify_files
from safety_core.errors import InputError, PolicyError, TamperedError, WrongTenantError

KEY = new_private_pem()
PUBLIC = public_pem(KEY)
FILES = {".manifest": b'{"revision":"r"}', "data.json": b'{"a":[1,true,null]}', "rules/a/a.rego": b"package a\n"}
SIGNED = sign_files(FILES, KEY, scope="one")


def test_signed_files_are_given_back_without_the_signature() -> None:
    assert verify_files(SIGNED, PUBLIC, scope="one") == FILES


def test_another_scope_is_another_tenant() -> None:
    with pytest.raises(WrongTenantError):
        verify_files(SIGNED, PUBLIC, scope="two")


def test_another_key_is_refused() -> None:
    with pytest.raises(TamperedError, match="was not made by the key"):
        verify_files(SIGNED, public_pem(new_private_pem()), scope="one")


@pytest.mark.parametrize(
    "files",
    [
        {**SIGNED, "more.rego": b""},
        {name: raw for name, raw in SIGNED.items() if name != "data.json"},
        {**SIGNED, "rules/a/a.rego": b"package b\n"},
        {**SIGNED, "data.json": b'{"a":[1,true,false]}'},
    ],
)
def test_an_added_removed_or_changed_file_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(TamperedError, match="exactly the files"):
        verify_files(files, PUBLIC, scope="one")


def token_with(change: Callable[[list[str]], list[str]]) -> dict[str, bytes]:
    token = json.loads(SIGNED[SIGNATURES])["signatures"][0]
    return {**SIGNED, SIGNATURES: json.dumps({"signatures": [".".join(change(token.split(".")))]}).encode()}


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda parts: [encoded({"alg": "none"}), parts[1], parts[2]], "is not ES256"),
        (lambda parts: [encoded({"alg": "HS256", "kid": "safety-gateway"}), *parts[1:]], "is not ES256"),
        (lambda parts: [parts[0], parts[1], parts[2][:-2]], "is not ES256"),
        (lambda parts: [parts[0], encoded({"files": [], "scope": "one"}), parts[2]], "was not made by the key"),
        (lambda parts: parts[:2], "is not one token"),
        (lambda parts: [parts[0] + "=", *parts[1:]], "is not one token"),
        (lambda parts: [parts[0], parts[1], parts[2] + "A"], "canonical form|base64url|ES256"),
        (lambda parts: ["A", *parts[1:]], "is not base64url"),
        (lambda parts: [parts[0], parts[1], parts[2][:-1] + chr(ord(parts[2][-1]) + 1)], "canonical form"),
    ],
)
def test_other_tokens_are_refused(change: Callable[[list[str]], list[str]], words: str) -> None:
    with pytest.raises(TamperedError, match=words):
        verify_files(token_with(change), PUBLIC, scope="one")


@pytest.mark.parametrize("raw", [b"{", b"{}", b'{"signatures": []}', b'{"signatures": ["a.b.c", "d.e.f"]}'])
def test_other_signature_files_are_refused(raw: bytes) -> None:
    with pytest.raises(TamperedError):
        verify_files({**SIGNED, SIGNATURES: raw}, PUBLIC, scope="one")


def test_a_structured_file_that_is_no_json_is_refused() -> None:
    with pytest.raises(TamperedError, match=r"data\.json is not JSON"):
        verify_files({**SIGNED, "data.json": b"{"}, PUBLIC, scope="one")
    with pytest.raises(InputError):
        sign_files({"data.json": b"{"}, KEY, scope="one")


@given(st.data())
def test_any_changed_byte_of_a_rule_is_refused(data: st.DataObject) -> None:
    raw = bytearray(FILES["rules/a/a.rego"])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TamperedError):
        verify_files({**SIGNED, "rules/a/a.rego": bytes(raw)}, PUBLIC, scope="one")


def test_data_is_hashed_as_opa_hashes_it() -> None:
    """Keys in order, no space, numbers as written, Unicode as it is but for two line separators, no HTML escapes."""
    raw = ' {"b": 1.50, "a": ["\u2028<é>\\n", {}, [], 1e2, true, null, "\\u0007"]}'.encode()
    form = '{"a":["\\u2028<é>\\n",{},[],1e2,true,null,"\\u0007"],"b":1.50}'
    assert file_digest("data.json", raw) == hashlib.sha256(form.encode()).hexdigest()
    assert file_digest("a.rego", raw) == hashlib.sha256(raw).hexdigest()


def pem_of(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize("pem", [b"", b"no key", PUBLIC.encode()])
def test_what_is_no_private_key_does_not_sign(pem: bytes) -> None:
    with pytest.raises(PolicyError, match="is not a private key"):
        sign_files(FILES, pem, scope="one")


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()])
def test_keys_of_another_kind_neither_sign_nor_verify(key: ec.EllipticCurvePrivateKey) -> None:
    with pytest.raises(PolicyError, match="P-256"):
        sign_files(FILES, pem_of(key), scope="one")
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(TamperedError, match="P-256"):
        verify_files(SIGNED, public.decode(), scope="one")
