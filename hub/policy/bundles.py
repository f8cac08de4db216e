"""Distribution of signed policy: publishers put it here, each edge gets its own tenant's."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.auth.bodies import body_of
from hub.auth.callers import bearer, edge_call
from hub.bus import Topic
from hub.context import Context
from hub.errors import NotFoundError
from hub.policy.publishing import check_tenant, check_unstaged, newest_targets, noted, tenant_for
from hub.repository.publication import unpack
from hub.store.tokens import TokenKind


async def fetch(request: Request, context: Context) -> Response:
    """Give an edge one file of its repository; 304 if it has it already."""
    call = await edge_call(request, context)
    name: str = request.path_params["path"]
    found = await asyncio.to_thread(context.repositories.get, call.tenant, name)
    if found is None:
        raise NotFoundError("repository file", "is not there", "publish a policy: `safety policy publish`")
    headers = {"ETag": found.etag, "Cache-Control": "no-cache"}
    if found.etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    kind = "application/json" if name.endswith(".json") else "application/octet-stream"
    return Response(found.raw, media_type=kind, headers=headers)


async def publish(request: Request, context: Context) -> Response:
    """Take a publication from one of the tenant's publishers."""
    token = await bearer(request, context, TokenKind.PUBLISHER)
    tenant = await tenant_for(context, token, request.path_params["tenant"])
    files = unpack(await body_of(request))
    check_tenant(tenant, files)
    await check_unstaged(context, tenant, files)
    new = await asyncio.to_thread(context.repositories.put, tenant, files)
    context.bus.ring(tenant, Topic.POLICY)
    if new:
        await noted(request, context, token, "publish", newest_targets(files), tenant)
    return JSONResponse({"files": len(files), "new": new})
