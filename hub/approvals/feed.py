"""The feed that an edge follows by a cursor: what people decided, in order."""

from __future__ import annotations

import asyncio
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.auth import edge_call
from hub.context import Context
from hub.query import number
from hub.store import feed, tenants
from safety_core.model.approval import FeedItem
from safety_core.model.tool_call import TenantId
from safety_core.wire.feed import item_to_json
from safety_core.wire.reader import parse_json

PAGE: Final = 500
"""Items in one message, about 600 bytes each."""

LOOK_SECONDS: Final = 5.0
"""How often a long poll looks on its own, for answers that another process of the hub took."""

Items = tuple[tuple[int, bytes], ...]


async def append(connection: AsyncConnection, tenant: TenantId, item: FeedItem) -> None:
    """Put an item at the end of the tenant's feed, in the caller's transaction; ring `Topic.FEED` after it."""
    await feed.append(connection, tenant, item_to_json(item))


async def decisions(request: Request, context: Context) -> Response:
    """Give an edge the items after its cursor, waiting for the first one if it asks to.

    A cursor past the feed's end means that the hub was set back to a backup; the feed then starts anew, since
    an edge passes over items that it has.
    """
    call = await edge_call(request, context)
    after = int(number(request, "after", 0, 2**53))
    wait = min(number(request, "wait", 0, 3600), context.settings.max_wait)
    gone = asyncio.create_task(_disconnected(request))
    try:
        found = await _awaited(context, call.tenant, after, wait, gone)
    finally:
        gone.cancel()
    items = [parse_json(raw, "stored item") for _, raw in found]
    return JSONResponse({"next": found[-1][0] if found else after, "items": items})


async def _awaited(context: Context, tenant: TenantId, after: int, wait: float, gone: asyncio.Task[None]) -> Items:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        news = asyncio.create_task(context.bell.listen(tenant).wait())  # before looking, so that nothing is missed
        try:
            found = await _look(context, tenant, after)
            left = deadline - loop.time()
            if found or left <= 0 or gone.done():
                return found
            timeout = min(left, LOOK_SECONDS)
            await asyncio.wait({news, gone}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()


async def _look(context: Context, tenant: TenantId, after: int) -> Items:
    async with context.database.read() as connection:
        end = await tenants.last_decision(connection, tenant)
        return await feed.after(connection, tenant, after if after <= end else 0, PAGE)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
