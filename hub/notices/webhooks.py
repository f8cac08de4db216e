"""Events to other programs: JSON, signed with a secret that the receiver has (HMAC-SHA256), tried again until taken.

Safety-Event: question
Safety-Delivery: 17                      the same number again is the same delivery
Safety-Signature: t=1800000000,v1=HEX    HMAC of "1800000000." and the body's bytes
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from typing import Final

from hub.context import Context
from hub.errors import NotFoundError
from hub.happenings import Event
from hub.notices.outward import Outward, check_url
from hub.notices.sealing import Seal
from hub.store import outbox, webhooks
from hub.store.outbox import Message
from hub.store.webhooks import Webhook
from safety_core.canonical import canonical_bytes
from safety_core.edge import clock
from safety_core.errors import InputError, LimitError, UnavailableError
from safety_core.model.tool_call import TenantId

MOST: Final = 10
"""Receivers of one tenant: each event goes to all of them."""


async def add(context: Context, tenant: TenantId, url: str, events: Collection[str]) -> tuple[Webhook, str]:
    """Add a receiver; return it and the secret that signs what it gets, which is shown this once.

    Raises:
        InputError: not a URL that we send to, or an event that there is not.
        LimitError: the tenant has too many.
    """
    check_url(url, "webhook", private=bool(context.settings.private_addresses))
    if not events or not set(events) <= set(Event):
        raise InputError("events", "must be some of " + ", ".join(Event))
    secret = secrets.token_urlsafe(32)
    sealed = Seal(context.keys).close(secret.encode())
    webhook = Webhook(clock.new_id(), tenant, url, sealed, frozenset(events), context.clock())
    async with context.database.write() as connection:
        if len(await webhooks.listed(connection, tenant)) >= MOST:
            raise LimitError("webhooks", f"are at most {MOST} for one tenant", "remove one first")
        await webhooks.put(connection, webhook)
    return webhook, secret


async def listed(context: Context, tenant: TenantId) -> tuple[Webhook, ...]:
    """Return a tenant's receivers."""
    async with context.database.read() as connection:
        return await webhooks.listed(connection, tenant)


async def remove(context: Context, tenant: TenantId, webhook: str) -> None:
    """Take a receiver away, and what waits for it. Raises NotFoundError."""
    async with context.database.write() as connection:
        if not await webhooks.remove(connection, tenant, webhook):
            raise NotFoundError("webhook", "is not there")
        await outbox.forget_channel(connection, webhook)


def signature(secret: bytes, body: bytes, now: int) -> str:
    """Return the value of the header `Safety-Signature`."""
    return f"t={now},v1={hmac.new(secret, b'%d.' % now + body, hashlib.sha256).hexdigest()}"


async def send(outward: Outward, webhook: Webhook, secret: bytes, message: Message, now: float) -> None:
    """Send one event. Raises UnavailableError where it was not taken (any status but 2xx), InputError for a bad URL."""
    draft = message.draft
    body = canonical_bytes({"event": draft.kind, "tenant": draft.tenant, **draft.body})
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "safety-hub",
        "Safety-Event": draft.kind,
        "Safety-Delivery": str(message.id),
        "Safety-Signature": signature(secret, body, int(now)),
    }
    status = await outward.post(webhook.url, body, headers)
    if not 200 <= status < 300:
        raise UnavailableError("webhook", f"answered {status}")
