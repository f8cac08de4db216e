"""The feed that an edge follows by a cursor: what people decided, in order."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from hub.auth.callers import edge_call
from hub.context import Context
from hub.query import number
from hub.store import feed, tenants
from safety_core.model.approval import FeedItem
from safety_core.model.tool_call import TenantId
from safety_core.wire.feed import item_to_json

PAGE: Final = 500
"""Items in one message, about 600 bytes each."""

PAGE_BYTES: Final = 4 * 1024 * 1024
"""... and how large that message may become: an edit has up to 32 KiB, and an edge reads no message past 10 MiB."""


async def append(connection: AsyncConnection, tenant: TenantId, item: FeedItem) -> None:
    """Put an item at the end of the tenant's feed, in the caller's transaction; ring `Topic.FEED` after it."""
    await feed.append(connection, tenant, item_to_json(item))


async def decisions(request: Request, context: Context) -> Response:
    """Give an edge the items after its cursor.

    A cursor past the feed's end means that the hub was set back to a backup; the feed then starts anew, since
    an edge passes over items that it has.
    """
    call = await edge_call(request, context)
    after = int(number(request, "after", 0, 2**53))
    async with context.database.read() as connection:
        end = await tenants.last_decision(connection, call.tenant)
        found = await feed.after(connection, call.tenant, after if after <= end else 0, PAGE) if after != end else ()
    sizes = accumulate(len(raw) for _, raw in found)
    found = tuple(item for item, size in zip(found, sizes, strict=True) if size <= PAGE_BYTES)
    place = found[-1][0] if found else after
    raw = b'{"items":[%s],"next":%d}' % (b",".join(raw for _, raw in found), place)  # stored as canonical JSON
    return Response(raw, media_type="application/json")
