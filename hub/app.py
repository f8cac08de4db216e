"""The composition: settings -> open parts -> an ASGI application."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from hub.approvals import endpoints as approvals
from hub.approvals import feed, outward, reports
from hub.auth import registration
from hub.console.routes import answer_anything, console_routes
from hub.context import Context
from hub.events import Events
from hub.fleet import heartbeats, orders, usage, witness
from hub.keys import load_keys
from hub.migrations.migrate import migrate
from hub.openapi import document as openapi
from hub.policy import bundles
from hub.policy import endpoints as policy
from hub.repository.files import Repositories
from hub.settings import Settings
from hub.store.engine import open_database
from safety_core.errors import SafetyError

Endpoint = Callable[[Request, Context], Awaitable[Response]]


async def health(_request: Request, context: Context) -> Response:
    """Say that the database answers."""
    async with context.database.read():
        return JSONResponse({"ok": True, "time": context.clock()})


ROUTES: Final[tuple[tuple[str, str, Endpoint], ...]] = (
    ("GET", "/v1/health", health),
    ("GET", "/v1/openapi.json", openapi.show),
    ("POST", "/v1/tenants/register", registration.register),
    ("PUT", "/v1/tenants/{tenant}/repository", bundles.publish),
    ("GET", "/v1/repository/{path:path}", bundles.fetch),
    ("GET", "/v1/tenants/{tenant}/revisions", policy.revisions),
    ("POST", "/v1/releases", policy.make),
    ("GET", "/v1/releases", policy.listed),
    ("GET", "/v1/releases/{id}", policy.show),
    ("PUT", "/v1/releases/{id}/tenants/{tenant}", policy.stage),
    ("POST", "/v1/releases/{id}/action", policy.act),
    ("POST", "/v1/approvals", approvals.push),
    ("GET", "/v1/approvals", approvals.listed),
    ("GET", "/v1/approvals/decisions", feed.decisions),
    ("GET", "/v1/approvals/{id}", approvals.show),
    ("POST", "/v1/approvals/{id}/decision", approvals.decide),
    ("POST", "/v1/approvals/{id}/cancel", approvals.cancel),
    ("POST", "/v1/approvals/reports", reports.receive),
    ("POST", "/v1/approvals/{id}/edit", approvals.edit),
    ("POST", "/v1/approvals/{id}/outward", outward.make),
    ("GET", "/v1/outward", outward.listed),
    ("POST", "/v1/outward/{id}/withdraw", outward.withdraw),
    ("POST", "/v1/usage", usage.ingest),
    ("GET", "/v1/usage", usage.listed),
    ("POST", "/v1/heartbeat", heartbeats.receive),
    ("GET", "/v1/audit/checkpoints", witness.remembered),
    ("GET", "/v1/orders", orders.fetch),
    ("POST", "/v1/orders/{id}/result", orders.settle),
    ("POST", "/v1/tenants/{tenant}/orders", orders.order),
    ("GET", "/v1/tenants/{tenant}/orders", orders.listed),
)


@asynccontextmanager
async def opened(settings: Settings, clock: Callable[[], float] = time.time) -> AsyncIterator[Context]:
    """Open the hub's parts, with the database brought to the newest schema. `clock` gives seconds since the epoch."""
    keys = load_keys(settings.data / "keys")
    database = open_database(settings.database_url)
    try:
        await migrate(database)
        context = Context(settings, database, keys, Repositories(settings.data / "repositories"), clock)
        async with context.bus.relayed(database), context.streams.going_on(database):
            yield context
    finally:
        await database.close()


def hub_app(context: Context) -> ASGIApp:
    """Return the hub as an ASGI application over parts that are open for as long as it runs."""
    routes = [Route(path, _bound(endpoint, context), methods=[method]) for method, path, endpoint in ROUTES]
    handlers = dict.fromkeys((SafetyError, HTTPException, Exception), answer_anything)
    return Events(context, Starlette(routes=[*routes, *console_routes(context)], exception_handlers=handlers))


def _bound(endpoint: Endpoint, context: Context) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await endpoint(request, context)

    return answer
