"""All pages. Who is not signed in is led to the sign-in page; what goes wrong is told on a page of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.console import assets, inbox
from hub.console.render import SECURITY_HEADERS, page
from hub.console.visit import Page, PageRoutes, Visit
from hub.context import Context
from hub.errors import status_of
from hub.people import sessions
from safety_core.errors import SafetyError

PAGES: Final[PageRoutes] = (*inbox.ROUTES,)


def console_routes(context: Context) -> list[Route]:
    """Return the console's routes."""
    pages = [Route(path, _signed_in(shown, context), methods=[method]) for method, path, shown in PAGES]
    return [*pages, Route("/static/{path:path}", assets.serve, methods=["GET"])]


def cookie_name(context: Context) -> str:
    """Return the session cookie's name: with https one that no other host can plant (RFC 6265bis, 4.1.3)."""
    return "__Host-safety" if context.settings.origin.startswith("https:") else "safety"


def _signed_in(shown: Page, context: Context) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        cookie = request.cookies.get(cookie_name(context), "")
        visitor = await sessions.find(context, cookie) if cookie else None
        if visitor is None:
            return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303, SECURITY_HEADERS)
        try:
            return await shown(Visit(request, context, visitor))
        except SafetyError as error:
            return page("error.html", status_of(error), error=error)

    return answer
