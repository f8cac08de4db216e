"""Requests that carry a tenant's signature (edge -> hub).

An edge signs every request with its tenant's Ed25519 key, so there is no bearer token of an edge that could leak. The
signature covers method, path with query, body, tenant, time and a nonce. `verify_request` checks, in order: the time
(not more than `SKEW_SECONDS` from ours) and the signature. Left to the caller: that the nonce has not come before
(`NONCE_SECONDS` is how long to remember it).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.exceptions import ValueError as NaclValueError
from nacl.signing import SigningKey, VerifyKey

from safety_core.canonical import Digest, canonical_bytes
from safety_core.errors import ForgedRequestError, InputError, StaleRequestError
from safety_core.model.tool_call import TenantId

REQUEST_CONTEXT: Final = b"safety-gateway request v1\x00"
"""Separates signatures over requests from any other use of the same key."""

SKEW_SECONDS: Final = 60
"""How far the two clocks may differ."""

NONCE_SECONDS: Final = 2 * SKEW_SECONDS + 1
"""How long to remember a nonce: the longest time over which one signature is accepted, and the rounding of its time."""

TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""Tenant names are path components and host labels: nothing in them needs escaping or can climb out of a folder."""

_NONCE: Final = re.compile(r"[0-9a-f]{32}")
_TIME: Final = re.compile(r"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class RequestStamp:
    """What is signed beside the request itself.

    Attributes:
        time: seconds since the epoch, whole.
        nonce: 32 hexadecimal digits, fresh for each request.
    """

    tenant: TenantId
    time: int
    nonce: str


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request's claim to come from a tenant, not yet believed."""

    stamp: RequestStamp
    signature: str


def tenant_id(text: str) -> TenantId:
    """Return `text` as a tenant's name, or raise InputError."""
    if not TENANT.fullmatch(text):
        raise InputError("tenant", "must be 1 to 63 of a-z 0-9 _ - and begin with a letter or digit")
    return TenantId(text)


def request_bytes(method: str, path: str, body: bytes, stamp: RequestStamp) -> bytes:
    """Return the bytes that the tenant's key signs. `path` includes the query, as sent on the wire."""
    return REQUEST_CONTEXT + canonical_bytes(
        {
            "method": method,
            "path": path,
            "body": Digest(hashlib.sha256(body).hexdigest()),
            "tenant": stamp.tenant,
            "time": stamp.time,
            "nonce": stamp.nonce,
        }
    )


def sign_request(method: str, path: str, body: bytes, stamp: RequestStamp, key: SigningKey) -> dict[str, str]:
    """Return the headers that prove who sends this request."""
    return {
        "Safety-Tenant": stamp.tenant,
        "Safety-Time": str(stamp.time),
        "Safety-Nonce": stamp.nonce,
        "Safety-Signature": key.sign(request_bytes(method, path, body, stamp)).signature.hex(),
    }


def read_signature(headers: Mapping[str, str]) -> SignedRequest:
    """Return what the headers claim (their names in any case), or raise InputError naming the header."""
    found = {name.lower(): value for name, value in headers.items()}
    stamp = RequestStamp(
        tenant_id(_header(found, "Safety-Tenant", TENANT)),
        int(_header(found, "Safety-Time", _TIME)),
        _header(found, "Safety-Nonce", _NONCE),
    )
    return SignedRequest(stamp, _header(found, "Safety-Signature", _SIGNATURE))


def _header(headers: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    value = headers.get(name.lower(), "")
    if not shape.fullmatch(value):
        raise InputError(f"header {name}", "is missing or malformed", "sign the request with the tenant's key")
    return value


def verify_request(method: str, path: str, body: bytes, claim: SignedRequest, public: str, now: float) -> RequestStamp:
    """Return the stamp of a request that the holder of `public` made near `now`.

    Args:
        public: the tenant's Ed25519 public key, hexadecimal.

    Raises:
        StaleRequestError: the clocks differ by more than `SKEW_SECONDS`.
        ForgedRequestError: another key signed, or something else was signed.
    """
    stamp = claim.stamp
    if abs(now - stamp.time) > SKEW_SECONDS:
        raise StaleRequestError(
            "request", f"its time differs from ours by more than {SKEW_SECONDS} s", "set the clock (NTP)"
        )
    try:
        key = VerifyKey(bytes.fromhex(public))
        key.verify(request_bytes(method, path, body, stamp), bytes.fromhex(claim.signature))
    except (BadSignatureError, NaclValueError, ValueError) as error:
        raise ForgedRequestError(
            "request",
            "is not signed by the tenant's registered key",
            "register this tenant's key: safety tenant register",
        ) from error
    return stamp
