"""Which host is asked for: the pool's own, or a tenant's. Each tenant is an origin of its own for browsers.

A browser keeps cookies, passkeys, storage and service workers by origin: two tenants below one would share them.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from demo_pool.front.pages import Pages
from demo_pool.front.relay import relay
from demo_pool.front.render import HEADERS, page
from demo_pool.pool import Pool
from safety_core.errors import LimitError, SafetyError


class Front:
    """The ASGI application."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._own: ASGIApp = Starlette(
            routes=Pages(pool).routes(), exception_handlers={HTTPException: _missing, Exception: _failed}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        host = request.headers.get("host", "").lower()
        name = self._pool.address.tenant_at(host)
        ours = request.url.path.startswith("/static/") and self._pool.named(name) is None  # of the page that says so
        if host == self._pool.address.host or request.url.path == "/health" or ours:
            return await self._own(scope, receive, send)
        response = await self._answer(request, name)
        return await response(scope, receive, send)

    async def _answer(self, request: Request, name: str) -> Response:
        if not name:
            if request.method == "GET":
                return RedirectResponse(self._pool.address.origin, 307, HEADERS)
            return Response(status_code=421, headers=HEADERS)  # RFC 9110, 15.5.20
        tenant = self._pool.named(name)
        if tenant is None:
            return page("over.html", 410, home=self._pool.address.origin)
        try:
            return await relay(request, tenant)
        except LimitError as error:
            return page("trouble.html", 413, error=error)
        except SafetyError:
            return page("over.html", 410, home=self._pool.address.origin)


async def _missing(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return page("over.html", status, home="")


async def _failed(_request: Request, _error: Exception) -> Response:
    return page("trouble.html", 500, error=SafetyError("demo", "failed on its own", "try again in a while"))
