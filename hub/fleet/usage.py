"""Token totals from the edges. The same message twice, or two in the wrong order, change nothing."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.auth.callers import bearer, edge_call
from hub.context import Context
from hub.query import number
from hub.store import usage
from hub.store.tokens import TokenKind
from safety_core.wire.usage_rows import rows_from_bytes

MONTH_SECONDS: Final = 31 * 24 * 3600
"""How far back totals are shown if nobody asks for more."""


async def ingest(request: Request, context: Context) -> Response:
    """Take in buckets; answered once they are durable."""
    call = await edge_call(request, context)
    rows = rows_from_bytes(call.body)
    async with context.database.write() as connection:
        await usage.merge(connection, call.tenant, rows)
    return JSONResponse({"accepted": len(rows)})


async def listed(request: Request, context: Context) -> Response:
    """Show an approver what their tenant's model calls consumed, by hour, agent, provider and model.

    `since`: seconds since the epoch; by default the last 31 days.
    """
    token = await bearer(request, context, TokenKind.APPROVER)
    since = number(request, "since", max(0.0, context.clock() - MONTH_SECONDS), 2**53)
    async with context.database.read() as connection:
        buckets = await usage.listed(connection, token.tenant, int(since))
    return JSONResponse({"buckets": [bucket.to_json() for bucket in buckets]})
