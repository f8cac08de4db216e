"""Web push: encrypted for one browser (RFC 8291), signed by the hub (VAPID, RFC 8292), sent to its push service."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from hub.notices.outward import Outward, check_url
from hub.notices.refusals import UndeliverableError
from hub.notices.sealing import Seal
from hub.notices.wording import Message
from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.errors import InputError, UnavailableError
from safety_core.wire.reader import Reader

TEXT_BYTES: Final = 2400
"""Of text, in UTF-8: the payload has to fit into 4,096 bytes, encrypted (RFC 8030, 7.2), with a title and links."""

VALID_SECONDS: Final = 12 * 3600
"""How long one signature holds; push services take at most a day."""

GONE: Final = frozenset({404, 410})


def checked_subscription(raw: bytes, *, private: bool) -> bytes:
    """Return a browser's subscription as it is stored, or raise InputError naming what is wrong with it."""
    body = Reader.parse(raw, "subscription")
    endpoint = body.text("endpoint", limit=2048)
    check_url(endpoint, "subscription.endpoint", private=private)
    keys = body.object("keys")
    public, secret = keys.text("p256dh", limit=200), keys.text("auth", limit=100)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(public))
        sized = len(_decoded(secret)) == 16
    except (ValueError, binascii.Error) as error:
        raise InputError("subscription.keys", "are not those of a browser") from error
    if not sized:
        raise InputError("subscription.keys.auth", "must be 16 bytes")
    return canonical_bytes({"endpoint": endpoint, "keys": {"p256dh": public, "auth": secret}})


def payload(message: Message) -> bytes:
    """Return what the service worker shows: title, body, url, tag and actions, each action with the page it opens."""
    text = "\n".join(message.lines).encode()
    buttons = [("approve", "Approve"), ("deny", "Deny")] if message.answers else []
    shown: JsonObject = {
        "title": message.title,
        "body": text[:TEXT_BYTES].decode("utf-8", "ignore") + ("…" if len(text) > TEXT_BYTES else ""),
        "url": message.url,
        "tag": message.tag,
        "actions": [{"action": name, "title": title, "url": message.url} for name, title in buttons],
    }
    return canonical_bytes(shown)


async def send(
    outward: Outward, seal: Seal, subscription: bytes, message: Message, *, contact: str, now: float, expires: float
) -> None:
    """Send a message to one browser.

    Args:
        contact: whom the push service may write to, a mailto: or https: URL.
        now, expires: seconds since the epoch; until then the service keeps it for a browser that is away.

    Raises:
        UndeliverableError: the subscription is gone.
        UnavailableError: not this time.
    """
    from py_vapid import Vapid02, VapidException  # type: ignore[import-untyped]  # some 20 MB: only where somebody is subscribed
    from pywebpush import WebPusher, WebPushException  # type: ignore[import-untyped]

    known = json.loads(subscription)
    parts = urlsplit(known["endpoint"])
    claims = {"sub": contact, "aud": f"{parts.scheme}://{parts.netloc}", "exp": int(now) + VALID_SECONDS}
    try:
        signed = Vapid02(seal.vapid).sign(claims)
        body = WebPusher(known).encode(payload(message))["body"]
    except (VapidException, WebPushException, ValueError) as error:
        raise UndeliverableError("browser", "has a subscription that is none", "subscribe again there") from error
    headers = {
        **signed,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(max(0, int(expires - now))),
        "Urgency": "high",
        "Topic": hashlib.sha256(message.tag.encode()).hexdigest()[:32],
    }
    status = await outward.post(known["endpoint"], body, headers)
    if status in GONE:
        raise UndeliverableError("browser", "does not take messages any more", "subscribe again on that device")
    if not 200 <= status < 300:
        raise UnavailableError(parts.hostname or "push service", f"answered {status}")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
