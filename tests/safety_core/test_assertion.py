"""A passkey counts for what it signed, where it signed it, and for whoever was there; as py_webauthn says."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from hypothesis import given, settings
from hypothesis import strategies as st
from webauthn import verify_authentication_response
from webauthn.helpers.exceptions import WebAuthnException

from safety_core.assertion import passkey_public, spki_of, verify_assertion
from safety_core.errors import ForgedGrantError, GrantError, InputError, MismatchedGrantError, WeakApproverError
from safety_core.model.approval import Assertion
from safety_core.model.policy import ApproverKey
from tests.simulators.passkeys import SITE, Authenticator, private, rsa_key

CHALLENGE = hashlib.sha256(b"what is signed").digest()
OTHER = hashlib.sha256(b"something else").digest()
ALGORITHMS = ("ES256", "EdDSA", "RS256")
KEYS = {name: Authenticator(private(name)) for name in ALGORITHMS}
OLGA = KEYS["ES256"]


def good(passkey: Authenticator = OLGA) -> Assertion:
    return passkey.sign(passkey.authenticator_data(), passkey.client_data(CHALLENGE))


def check(assertion: Assertion, key: ApproverKey = OLGA.pinned, challenge: bytes = CHALLENGE) -> None:
    verify_assertion(assertion, challenge, key, "grant for 7f3a")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_the_pinned_passkey_signed_counts(algorithm: str) -> None:
    passkey = KEYS[algorithm]
    check(good(passkey), passkey.pinned)
    for other in ALGORITHMS:
        if other != algorithm:
            with pytest.raises(ForgedGrantError, match="not the passkey's"):
                check(good(passkey), KEYS[other].pinned)


@pytest.mark.parametrize("part", ["authenticator_data", "client_data", "signature"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_byte_of_it_can_be_changed(algorithm: str, part: str) -> None:
    passkey = KEYS[algorithm]
    whole = good(passkey)
    raw = getattr(whole, part)
    for place in range(0, len(raw), 7):
        changed = raw[:place] + bytes([raw[place] ^ 0x40]) + raw[place + 1 :]
        with pytest.raises(GrantError):
            check(replace(whole, **{part: changed}), passkey.pinned)
    with pytest.raises(GrantError):
        check(replace(whole, **{part: raw[:-1]}), passkey.pinned)


TOLD: tuple[tuple[dict[str, Any], type[GrantError], str], ...] = (
    ({"type": "webauthn.create"}, MismatchedGrantError, "did something else"),
    ({"type": "payment.get"}, MismatchedGrantError, "did something else"),
    ({"challenge": base64.urlsafe_b64encode(OTHER).decode().rstrip("=")}, MismatchedGrantError, "something else"),
    ({"challenge": base64.urlsafe_b64encode(CHALLENGE).decode()}, MismatchedGrantError, "something else"),
    ({"challenge": "ü"}, MismatchedGrantError, "something else"),
    ({"challenge": ""}, MismatchedGrantError, "something else"),
    ({"origin": "https://hub.example.evil.example"}, MismatchedGrantError, "another site"),
    ({"origin": "https://hub.example:8443"}, MismatchedGrantError, "another site"),
    ({"origin": "http://hub.example"}, MismatchedGrantError, "another site"),
    ({"origin": "https://HUB.example"}, MismatchedGrantError, "another site"),
    ({"origin": "https://hub.example/"}, MismatchedGrantError, "another site"),
    ({"origin": ""}, MismatchedGrantError, "another site"),
    ({"crossOrigin": True}, MismatchedGrantError, "another site"),
    ({"crossOrigin": True, "topOrigin": "https://evil.example"}, MismatchedGrantError, "another site"),
    ({"topOrigin": "https://hub.example"}, MismatchedGrantError, "another site"),
    ({"crossOrigin": "no"}, ForgedGrantError, "no client data"),
    ({"type": None}, ForgedGrantError, "no client data"),
    ({"challenge": 7}, ForgedGrantError, "no client data"),
)


@pytest.mark.parametrize(("told", "error", "reason"), TOLD)
def test_what_a_browser_tells_otherwise_is_refused_by_name(
    told: dict[str, Any], error: type[GrantError], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        check(OLGA.sign(OLGA.authenticator_data(), OLGA.client_data(CHALLENGE, **told)))


def test_client_data_of_newer_browsers_and_without_cross_origin_is_read() -> None:
    for told in ({"crossOrigin": None}, {"other_keys_can_be_added_here": "do not compare clientDataJSON"}):
        check(OLGA.sign(OLGA.authenticator_data(), OLGA.client_data(CHALLENGE, **told)))


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"null", b"\xff", b'{"type":"webauthn.get"}', b"{" * 100, b'{"type":"a","type":"webauthn.get"}']
)
def test_client_data_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(ForgedGrantError, match="no client data"):
        check(OLGA.sign(OLGA.authenticator_data(), raw))


FLAGS: tuple[tuple[int, type[GrantError], str], ...] = (
    (0x00, WeakApproverError, "nobody unlocked"),
    (0x01, WeakApproverError, "nobody unlocked"),
    (0x04, WeakApproverError, "nobody unlocked"),
    (0x15, ForgedGrantError, "contradict"),
    (0x45, ForgedGrantError, "no authenticator data"),
    (0x85, ForgedGrantError, "no authenticator data"),
)


@pytest.mark.parametrize(("flags", "error", "reason"), FLAGS)
def test_nobody_there_or_flags_that_cannot_be_are_refused(flags: int, error: type[GrantError], reason: str) -> None:
    with pytest.raises(error, match=reason):
        check(OLGA.sign(OLGA.authenticator_data(flags), OLGA.client_data(CHALLENGE)))


def test_backups_and_extensions_are_fine() -> None:
    for flags, extra in ((0x0D, b""), (0x1D, b""), (0x85, b"\xa0")):
        check(OLGA.sign(OLGA.authenticator_data(flags, extra=extra), OLGA.client_data(CHALLENGE)))


@pytest.mark.parametrize("raw", [b"", b"\x00" * 36, b"\x00" * 32 + b"\x05" + b"\x00" * 5])
def test_authenticator_data_of_another_length_is_refused(raw: bytes) -> None:
    with pytest.raises(ForgedGrantError, match="no authenticator data"):
        check(OLGA.sign(raw, OLGA.client_data(CHALLENGE)))


def test_a_passkey_of_another_site_is_refused_even_where_the_browser_lies() -> None:
    for host in ("evil.example", "example", "www.hub.example", ""):
        with pytest.raises(MismatchedGrantError, match="belongs to another site"):
            check(OLGA.sign(OLGA.authenticator_data(host=host), OLGA.client_data(CHALLENGE)))


def test_a_key_without_a_site_signs_nothing() -> None:
    nowhere = Authenticator(OLGA.key, site="")
    with pytest.raises(MismatchedGrantError, match="another site"):
        check(good(nowhere), nowhere.pinned)


def spki(key: Any) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.mark.parametrize(
    ("public", "reason"),
    [
        ("!", "not base64"),
        ("ü", "not base64"),
        ("", "no SubjectPublicKeyInfo"),
        (base64.b64encode(b"\x30\x03").decode(), "no SubjectPublicKeyInfo"),
        (spki(ec.generate_private_key(ec.SECP384R1())), "no key for ES256"),
        (spki(x25519.X25519PrivateKey.generate()), "no key for ES256"),
        (spki(dsa.generate_private_key(1024)), "no key for ES256"),
        (spki(rsa_key(1024)), "no key for ES256"),
    ],
    ids=["signs", "letters", "nothing", "head alone", "P-384", "X25519", "DSA", "short RSA"],
)
def test_a_public_key_that_no_passkey_has_is_refused(public: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        passkey_public(public)
    with pytest.raises(ForgedGrantError, match="not the passkey's"):
        check(good(), replace(OLGA.pinned, public=public))


@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"])
def test_a_key_under_which_one_signature_is_good_for_everything_is_refused(point: bytes) -> None:
    public = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + point).decode()
    with pytest.raises(InputError, match="is no key for"):
        passkey_public(public)
    anyones = replace(good(KEYS["EdDSA"]), signature=b"\x01" + bytes(63))
    with pytest.raises(ForgedGrantError):
        check(anyones, replace(OLGA.pinned, public=public))


def test_a_public_key_is_its_bytes() -> None:
    assert spki_of(OLGA.pinned.public) == OLGA.spki


def cose(passkey: Authenticator) -> bytes:
    """The public key as py_webauthn wants it (RFC 9052), of ES256."""
    numbers = load_der_public_key(passkey.spki).public_numbers()  # type: ignore[union-attr]
    x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
    return b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + y


def told_by_the_oracle(assertion: Assertion) -> bool:
    def encoded(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    credential = {
        "id": "AAAA",
        "rawId": "AAAA",
        "type": "public-key",
        "response": {
            "authenticatorData": encoded(assertion.authenticator_data),
            "clientDataJSON": encoded(assertion.client_data),
            "signature": encoded(assertion.signature),
        },
    }
    try:
        verify_authentication_response(
            credential=json.dumps(credential),
            expected_challenge=CHALLENGE,
            expected_rp_id="hub.example",
            expected_origin=SITE,
            credential_public_key=cose(OLGA),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except WebAuthnException:
        return False
    return True


def told_by_us(assertion: Assertion) -> bool:
    try:
        check(assertion)
    except GrantError:
        return False
    return True


EVIL = Authenticator.fresh()
OFTEN = st.sampled_from


@settings(max_examples=300, deadline=None)
@given(
    passkey=OFTEN([OLGA, OLGA, OLGA, EVIL]),
    flags=OFTEN([0x05, 0x05, 0x05, 0x0D, 0x1D, 0x15, 0x01, 0x04, 0x00]),
    host=OFTEN(["hub.example", "hub.example", "hub.example", "evil.example", "HUB.example"]),
    told=OFTEN(
        [
            {},
            {},
            {},
            {"type": "webauthn.create"},
            {"origin": "https://evil.example"},
            {"origin": "https://hub.example:443"},
            {"challenge": base64.urlsafe_b64encode(OTHER).decode().rstrip("=")},
            {"crossOrigin": None},
        ]
    ),
    broken=st.booleans(),
)
def test_we_and_py_webauthn_take_and_refuse_the_same(
    passkey: Authenticator, flags: int, host: str, told: dict[str, Any], broken: bool
) -> None:
    made = passkey.sign(passkey.authenticator_data(flags, host), passkey.client_data(CHALLENGE, **told))
    if broken:
        made = replace(made, signature=made.signature[:-1] + bytes([made.signature[-1] ^ 1]))
    assert told_by_us(made) is told_by_the_oracle(made)
