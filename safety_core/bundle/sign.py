"""The signature of a bundle's files, in the format of Open Policy Agent: a stock `opa` verifies the same archive.

`.signatures.json` holds one JSON Web Token (ES256: OPA refuses EdDSA) over the hash of every other file,
with the tenant as its scope. Freshness, rollback and revocation are not in it: those are TUF's (`roles`,
`trust`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from safety_core.bundle.archive import LIMITS
from safety_core.canonical import Json, canonical_bytes
from safety_core.errors import InputError, PolicyError, TamperedError, WrongTenantError
from safety_core.wire.reader import Reader

SIGNATURES: Final = ".signatures.json"
KEY_ID: Final = "safety-gateway"
"""Under this name an OPA has to know the public key."""

_STRUCTURED: Final = frozenset({".manifest", "data.json"})
"""Files that OPA hashes by their parsed content."""

_HEADER: Final = {"alg": "ES256", "kid": KEY_ID}
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]+")


def sign_files(files: Mapping[str, bytes], private_pem: bytes, *, scope: str) -> Mapping[str, bytes]:
    """Return `files` with their signature. Raises PolicyError for a key that is no P-256 private key."""
    listed: list[Json] = [
        {"name": name, "hash": file_digest(name, raw), "algorithm": "SHA-256"} for name, raw in sorted(files.items())
    ]
    claims: Json = {"files": listed, "scope": scope, "keyid": KEY_ID}
    message = f"{_encode(canonical_bytes({**_HEADER}))}.{_encode(canonical_bytes(claims))}"
    first, second = decode_dss_signature(_private(private_pem).sign(message.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{message}.{_encode(first.to_bytes(32, 'big') + second.to_bytes(32, 'big'))}"
    return {**files, SIGNATURES: canonical_bytes({"signatures": [token]})}


def verify_files(files: Mapping[str, bytes], public_pem: str, *, scope: str) -> Mapping[str, bytes]:
    """Return the signed files, without the signature.

    Raises:
        TamperedError: the signature is not of this key, or a file was added, removed or changed.
        WrongTenantError: it was signed for another scope.
    """
    if SIGNATURES not in files:
        raise TamperedError("bundle signature", "is missing", "safety policy sign BUNDLE --keys KEYS")
    rest = {name: raw for name, raw in files.items() if name != SIGNATURES}
    try:
        claims = _claims(files[SIGNATURES], public_pem)
        signed = {
            entry.text("name"): (entry.text("algorithm"), entry.text("hash"))
            for entry in claims.objects("files", limit=LIMITS.files)
        }
        named = claims.text("scope")
        actual = {name: ("SHA-256", file_digest(name, raw)) for name, raw in rest.items()}
    except InputError as error:
        raise TamperedError("bundle signature", f"cannot be read ({error.thing} {error.reason})") from error
    if named != scope:
        raise WrongTenantError("bundle signature", f"is for another scope than {scope}")
    if signed != actual:
        raise TamperedError("bundle signature", "does not cover exactly the files that are there")
    return rest


def _claims(raw: bytes, public_pem: str) -> Reader:
    tokens = Reader.parse(raw, "signatures").texts("signatures")
    parts = tokens[0].split(".") if len(tokens) == 1 else []
    if len(parts) != 3 or not all(_SEGMENT.fullmatch(part) for part in parts):
        raise TamperedError("bundle signature", "is not one token")
    header, claims, signature = (_decode(part) for part in parts)
    if header != canonical_bytes({**_HEADER}) or len(signature) != 64:
        raise TamperedError("bundle signature", "is not ES256")
    pair = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        public_key(public_pem).verify(pair, f"{parts[0]}.{parts[1]}".encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise TamperedError("bundle signature", "was not made by the key that the targets name") from error
    return Reader.parse(claims, "claims")


def file_digest(name: str, raw: bytes) -> str:
    """Return the hash of one file as OPA computes it. Raises InputError for JSON that cannot be parsed."""
    if name in _STRUCTURED:
        try:
            raw = _opa_form(json.loads(raw, parse_int=_Number, parse_float=_Number)).encode()
        except (ValueError, RecursionError) as error:
            raise InputError(name, "is not JSON") from error
    return hashlib.sha256(raw).hexdigest()


class _Number(str):
    """A number as it is written: OPA keeps 1.50."""

    __slots__ = ()


def _opa_form(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_opa_text(key)}:{_opa_form(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_opa_form, value)) + "]"
    if isinstance(value, _Number):
        return str(value)
    return _opa_text(value) if isinstance(value, str) else json.dumps(value)


def _opa_text(text: str) -> str:
    """Return JSON text as Go writes it: Unicode as it is, but for the two line separators."""
    return json.dumps(text, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def public_key(pem: str) -> ec.EllipticCurvePublicKey:
    """Parse a P-256 public key. Raises TamperedError for anything else."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError as error:
        raise TamperedError("bundle signing key", "is not a public key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise TamperedError("bundle signing key", "is not on the curve P-256")
    return key


def public_pem(private_pem: bytes) -> str:
    """Return the public half of a private key, as PEM."""
    encoding, kind = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return _private(private_pem).public_key().public_bytes(encoding, kind).decode()


def new_private_pem() -> bytes:
    """Return a fresh P-256 private key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _private(pem: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise PolicyError(
            "bundle signing key", "is not a private key", "make keys: safety policy keys FOLDER"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise PolicyError("bundle signing key", "is not on the curve P-256", "make keys: safety policy keys FOLDER")
    return key


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise TamperedError("bundle signature", "is not base64url") from error
    if _encode(raw) != text:
        raise TamperedError("bundle signature", "is not in its one canonical form")
    return raw
