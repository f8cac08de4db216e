"""Taking a tenant's key back: from then on nothing that it signs counts, and whoever is connected by it is let go.

A key that was taken back, or that another one replaced, never counts again: who still signs with it has stolen it, or
was forgotten. Either is an alert. The tenant is enrolled anew with a one-time token and a fresh key.
"""

from __future__ import annotations

from starlette.requests import Request

from hub.alerts import Kind, raise_alert
from hub.bus import Topic
from hub.context import Context
from hub.errors import NotFoundError
from hub.store import deeds, tenants
from hub.store.alerts import Alert
from hub.store.deeds import Deed
from safety_core.errors import RequestError
from safety_core.wire.signed import SignedRequest, verify_request


async def revoke(context: Context, deed: Deed) -> None:
    """Take back the key of `deed.tenant`, in the name of `deed.person`; registration tokens of it end, too.

    Raises:
        NotFoundError: there is no such tenant, or it has no key that counts.
    """
    async with context.database.write() as connection:
        if not await tenants.take_back(connection, deed.tenant, deed.person, deed.at):
            raise NotFoundError(f"tenant {deed.tenant}", "has no key that counts")
        await deeds.note(connection, deed)
    context.bus.ring(deed.tenant, Topic.KEY)


async def note_use(context: Context, request: Request, path: str, body: bytes, claim: SignedRequest) -> None:
    """Raise an alert if a key that was taken back has signed a request that was refused."""
    tenant, now = claim.stamp.tenant, context.clock()
    async with context.database.read() as connection:
        keys = await tenants.taken_back(connection, tenant)
    for key in keys:
        try:
            verify_request(request.method, path, body, claim, key.public, now)
        except RequestError:
            continue
        reason = f"the key {key.public[:16]}... signs requests, though it was taken back; whoever has it stole it"
        async with context.database.write() as connection:
            await raise_alert(connection, Alert(tenant, now, Kind.KEY, key.public[:16], reason))
