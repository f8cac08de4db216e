"""The headers that only the edge can write: a password, the key of one intended act, a signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

from safety_core.edge import clock
from safety_core.edge.fill import value_of
from safety_core.errors import ExecutionError
from safety_core.model.secret import SecretName, SecretValue
from safety_core.resolve import Access, HttpPlan

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how such secrets begin
"""Behind it stands the key in base64 (Standard Webhooks 1.0.0); a secret without it is the key itself."""


def shown_headers(
    plan: HttpPlan, values: Mapping[SecretName, SecretValue], body: bytes, key: str
) -> list[tuple[str, str]]:
    """Return them for one request.

    Args:
        key: the same for each try of one intended act; empty where nobody tries again.

    Raises:
        ExecutionError: the secret of a webhook is none.
        UnknownSecretError: a value is missing.
    """
    access = plan.access or Access("")
    name = _named(access.connection, key or secrets.token_hex(16))
    headers: list[tuple[str, str]] = []
    if access.basic is not None:
        user, password = access.basic
        pair = f"{user}:{value_of(password, values)}".encode()
        headers.append(("Authorization", f"Basic {base64.b64encode(pair).decode()}"))
    if access.signed is not None:
        headers += signed_headers(body, value_of(access.signed, values), f"msg_{name}", int(clock.now()))
    elif plan.keyed:
        headers.append(("Idempotency-Key", name))
    return headers


def _named(connection: str, key: str) -> str:
    """Return what the service is told of a key: nothing that an agent could word, and no other service's."""
    return hashlib.sha256(f"{connection}\0{key}".encode()).hexdigest()[:32]


def signed_headers(body: bytes, secret: str, message: str, now: int) -> list[tuple[str, str]]:
    """Return the headers by which a receiver knows who sent a webhook, when, and whether it has it already.

    Source: Standard Webhooks 1.0.0: HMAC-SHA256 of "id.timestamp.body".
    """
    signature = hmac.new(_key(secret), f"{message}.{now}.".encode() + body, hashlib.sha256).digest()
    return [
        ("webhook-id", message),
        ("webhook-timestamp", str(now)),
        ("webhook-signature", f"v1,{base64.b64encode(signature).decode()}"),
    ]


def _key(secret: str) -> bytes:
    if not secret.startswith(SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        reason = f"begins with {SECRET_PREFIX} and is not base64 behind that"
        raise ExecutionError("the secret of the webhook", reason, "keep it anew, as the receiver shows it") from None
