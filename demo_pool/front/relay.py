"""A request to a tenant's hub, and its answer back.

The hub is the one of production: it looks at Host, Origin and cookies itself, so these pass as they are. What the front
adds is the visitor's address; what it holds back is the hub's API, which only the tenant's own edge speaks, and a
cookie for more hosts than the tenant's own. A tenant is not believed: whatever it answers reaches its own host alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

import aiohttp
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from yarl import URL

from demo_pool.front.guard import body_of
from demo_pool.tenancy import Tenant
from safety_core.errors import UnavailableError

BODY_BYTES: Final = 12 << 20
CONNECT_SECONDS: Final = 10
SILENCE_SECONDS: Final = 120
API: Final = "/v1/"

HOP_BY_HOP: Final = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)
"""Of one connection only (RFC 9110, 7.6.1)."""

_OURS: Final = frozenset(b"x-forwarded-for x-forwarded-proto x-forwarded-host forwarded content-length".split())


class _Passed(aiohttp.BaseConnector):
    """Makes connections by passing one end of a pair into the tenant."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(force_close=True, limit=1)
        self._tenant = tenant

    async def _create_connection(self, *_arguments: Any) -> Any:
        ours = self._tenant.connection("hub")
        _, protocol = await self._loop.create_unix_connection(self._factory, sock=ours)
        return protocol


async def relay(request: Request, tenant: Tenant) -> Response:
    """Put a request to the tenant's hub and return its answer. Raises UnavailableError, LimitError."""
    if request.url.path.startswith(API):
        return Response("not here\n", 404)
    body = await body_of(request, BODY_BYTES)
    path = request.scope["raw_path"].decode("ascii", "replace")
    query = request.scope["query_string"].decode("ascii", "replace")
    url = URL(f"http://hub{path}{'?' + query if query else ''}", encoded=True)
    held = AsyncExitStack()
    try:
        held.enter_context(tenant.visited())
        session = await held.enter_async_context(_session(tenant))
        answer = await session.request(
            request.method, url, headers=_there(request), data=body or None, allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )  # fmt: skip
        held.callback(answer.close)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        await held.aclose()
        raise UnavailableError("the tenant's hub", "did not answer") from error
    except BaseException:
        await held.aclose()
        raise
    response = StreamingResponse(_pieces(held, answer), answer.status)
    response.raw_headers = _back(answer)
    return response


def _session(tenant: Tenant) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
    return aiohttp.ClientSession(
        connector=_Passed(tenant), timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    )


def _there(request: Request) -> list[tuple[str, str]]:
    kept = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in request.headers.raw
        if name not in HOP_BY_HOP and name not in _OURS
    ]
    return [*kept, ("X-Forwarded-For", request.client.host if request.client else "")]


def _back(answer: aiohttp.ClientResponse) -> list[tuple[bytes, bytes]]:
    kept = [(name.lower(), value) for name, value in answer.raw_headers if name.lower() not in HOP_BY_HOP]
    own = [(name, value) for name, value in kept if name != b"set-cookie" or b"domain=" not in value.lower()]
    return [*own, (b"x-robots-tag", b"noindex")]


async def _pieces(held: AsyncExitStack, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async with held:
        with suppress(aiohttp.ClientError, OSError, TimeoutError):  # the tenant is over, or says nothing any more
            async for piece in answer.content.iter_any():
                yield piece
