"""A passkey's assertion, verified against a key that signed policy pins (WebAuthn level 3, section 7.2).

`verify_assertion` checks, in the order of the specification: what the browser says it was asked (step 10 `type`, 11
`challenge`), on which site (12 `origin`, 13 and 14 not in a frame of another one, 15 `rpIdHash`), that a person was
there (16 user present) and proved to be the one (17 user verified), the backup flags (18), and the signature (21, 22).
Left out: the signature counter (24 to 26), since a grant is used once, whatever the counter says; and extensions, which
are signed over and change nothing here. Left to the caller: which key is pinned, and what it may approve.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from nacl.bindings import crypto_core_ed25519_is_valid_point

from safety_core.errors import ForgedGrantError, InputError, MismatchedGrantError, WeakApproverError
from safety_core.model.approval import Assertion
from safety_core.model.policy import ApproverKey
from safety_core.wire.reader import Reader

USER_PRESENT: Final = 0x01
USER_VERIFIED: Final = 0x04
BACKUP_ELIGIBLE: Final = 0x08
BACKED_UP: Final = 0x10
ATTESTED: Final = 0x40
EXTENDED: Final = 0x80

_HEAD: Final = 37
"""Bytes of authenticator data without extensions: rpIdHash, flags, counter."""

_RSA_BITS: Final = range(2048, 8193)
"""Shorter keys are weak, longer ones only slow."""

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


def passkey_public(text: str) -> PublicKey:
    """Return the public key of a passkey: a SubjectPublicKeyInfo (DER) in base64, as policy pins it.

    Raises:
        InputError: it is none, or none for ES256, EdDSA (Ed25519) or RS256.
    """
    try:
        key = load_der_public_key(spki_of(text))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError("passkey", "is no SubjectPublicKeyInfo (DER)", "copy it from the console") from error
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, ed25519.Ed25519PublicKey) and crypto_core_ed25519_is_valid_point(key.public_bytes_raw()):
        return key  # under a point of small order, one signature is good for everything
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS:
        return key
    raise InputError("passkey", "is no key for ES256, EdDSA or RS256", "add another passkey")


def spki_of(text: str) -> bytes:
    """Return the bytes of a public key in base64, or raise InputError."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("passkey", "is not base64", "copy it from the console") from error


def verify_assertion(assertion: Assertion, challenge: bytes, key: ApproverKey, thing: str) -> None:
    """Return if the passkey `key` signed `challenge` on its own site, for a person who was there.

    Args:
        thing: what it is to sign, for errors ("grant for 7f3a").

    Raises:
        ForgedGrantError: it is no assertion, or another key's.
        MismatchedGrantError: it was made for something else, or on another site.
        WeakApproverError: nobody proved to be there.
    """
    _check_client_data(assertion.client_data, challenge, key.site, thing)
    _check_authenticator_data(assertion.authenticator_data, key.site, thing)
    signed = assertion.authenticator_data + hashlib.sha256(assertion.client_data).digest()
    try:
        _verify(passkey_public(key.public), assertion.signature, signed)
    except (InvalidSignature, InputError) as error:
        raise ForgedGrantError(thing, "its signature is not the passkey's", "sign with the approver's own") from error


def _check_client_data(raw: bytes, challenge: bytes, site: str, thing: str) -> None:
    try:
        told = Reader.parse(raw, "client data")
        kind, asked, origin = told.text("type"), told.text("challenge"), told.text("origin")
        framed = told.has("topOrigin") or (told.has("crossOrigin") and told.flag("crossOrigin"))
    except InputError as error:
        raise ForgedGrantError(thing, "it holds no client data of a browser") from error
    if kind != "webauthn.get":
        raise MismatchedGrantError(thing, "its passkey did something else than sign in or sign this")
    if not hmac.compare_digest(asked.encode("utf-8"), base64.urlsafe_b64encode(challenge).rstrip(b"=")):
        raise MismatchedGrantError(thing, "its passkey signed something else", "answer this very question")
    if framed or not site or origin != site:
        raise MismatchedGrantError(thing, "its passkey signed on another site", "answer on the console that is pinned")


def _check_authenticator_data(raw: bytes, site: str, thing: str) -> None:
    flags = raw[32] if len(raw) >= _HEAD else ATTESTED
    if flags & ATTESTED or (len(raw) > _HEAD) != bool(flags & EXTENDED):
        raise ForgedGrantError(thing, "it holds no authenticator data of an assertion")
    if flags & BACKED_UP and not flags & BACKUP_ELIGIBLE:
        raise ForgedGrantError(thing, "its backup flags contradict each other")
    host = urlsplit(site).hostname or ""
    if not hmac.compare_digest(raw[:32], hashlib.sha256(host.encode("utf-8")).digest()):
        raise MismatchedGrantError(thing, "its passkey belongs to another site", "answer on the console that is pinned")
    if not (flags & USER_PRESENT and flags & USER_VERIFIED):
        raise WeakApproverError(
            thing, "nobody unlocked its passkey (user verification)", "set a PIN or biometrics on the authenticator"
        )


def _verify(key: PublicKey, signature: bytes, signed: bytes) -> None:
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(SHA256()))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, padding.PKCS1v15(), SHA256())
    else:
        key.verify(signature, signed)
