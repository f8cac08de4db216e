"""Token totals from the edges. The same message twice, or two in the wrong order, change nothing."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.auth import edge_call
from hub.context import Context
from hub.store import usage
from safety_core.wire.fleet import usage_from_json
from safety_core.wire.reader import Reader


async def ingest(request: Request, context: Context) -> Response:
    """Take in buckets; answered once they are durable."""
    call = await edge_call(request, context)
    buckets = usage_from_json(Reader.parse(call.body, "usage"))
    async with context.database.write() as connection:
        await usage.merge(connection, call.tenant, buckets)
    return JSONResponse({"accepted": len(buckets)})
