"""All pages. Who is not signed in is led to the sign-in page; what goes wrong is told on a page of its own.

Pages are served at the hub's own address alone (its `origin`): a request that names another host is led there, or
refused. What our own JavaScript fetches is answered in JSON, and never led anywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.console import (
    agents,
    assets,
    audit,
    change,
    channels,
    confirm,
    decide,
    history,
    inbox,
    link,
    live,
    outward,
    people,
    policies,
    secrets,
    settings,
    signin,
    team,
    telling,
    tenants,
    usage,
)
from hub.console.cookies import session_cookie
from hub.console.render import SECURITY_HEADERS, page
from hub.console.visit import ConfirmFirst, Guest, OpenPage, OpenRoutes, Page, PageRoutes, Visit
from hub.context import Context
from hub.errors import ForbiddenError, NotFoundError, UnauthenticatedError, answer_error, retry_headers, status_of
from hub.people import sessions
from safety_core.errors import SafetyError
from safety_core.wire.errors import error_to_json

_log: Final = logging.getLogger(__name__)

PAGES: Final[PageRoutes] = (
    *inbox.ROUTES,
    *live.ROUTES,
    *decide.ROUTES,
    *history.ROUTES,
    *signin.ROUTES,
    *confirm.ROUTES,
    *settings.ROUTES,
    *channels.ROUTES,
    *people.ROUTES,
    *usage.ROUTES,
    *tenants.ROUTES,
    *telling.ROUTES,
    *agents.ROUTES,
    *audit.ROUTES,
    *secrets.ROUTES,
    *policies.ROUTES,
    *outward.ROUTES,
    *change.ROUTES,
)
"""For people who are signed in."""

OPEN: Final[OpenRoutes] = (*signin.OPEN, *team.OPEN, *link.OPEN)
"""For anybody."""

Answer = Callable[[Request], Awaitable[Response]]


def console_routes(context: Context) -> list[Route]:
    """Return the console's routes."""
    pages = [Route(path, _signed_in(shown, context), methods=[method]) for method, path, shown in PAGES]
    opened = [Route(path, _open(shown, context), methods=[method]) for method, path, shown in OPEN]
    files = [Route("/static/{path:path}", assets.serve, methods=["GET"]), Route("/worker.js", assets.worker)]
    return [*pages, *opened, *files]


async def answer_anything(request: Request, error: Exception) -> Response:
    """Answer what no page answers: a path that there is not, a bug; to people on a page, to programs in JSON.

    Below /v1 whoever does not say that they want a page is a program.
    """
    answer = await answer_error(request, error)
    api = request.url.path.startswith("/v1/")
    if fetched(request) or (api and "text/html" not in request.headers.get("accept", "")):
        return answer
    if isinstance(error, SafetyError):  # only the API lets one through
        return refused(request, error)
    if isinstance(error, HTTPException):
        told = SafetyError("page", "is not there" if error.status_code == 404 else error.detail)
    else:
        told = SafetyError("hub", "failed on its own", "see the hub's log")
    return page("error.html", answer.status_code, error=told)


def refused(request: Request, error: SafetyError) -> Response:
    """Tell what went wrong: on a page, or to our own JavaScript in JSON."""
    status, headers = status_of(error), {**SECURITY_HEADERS, **retry_headers(error)}
    if status == 500:  # a fault of our own says nothing of its cause
        _log.error("%s", error)
        error = SafetyError("hub", "failed on its own", "see the hub's log")
    if fetched(request):
        return JSONResponse(error_to_json(error), status, headers)
    if isinstance(error, ConfirmFirst):
        return RedirectResponse(f"/confirm?next={quote(error.back)}", 303, headers)
    shown = page("error.html", status, error=error)
    shown.headers.update(headers)
    return shown


def fetched(request: Request) -> bool:
    """Tell whether JavaScript asks, and not a person who follows a link (Fetch Metadata; else by what is accepted)."""
    where = request.headers.get("sec-fetch-dest")
    if where is not None:
        return where not in {"document", "iframe"}
    return "text/html" not in request.headers.get("accept", "text/html")


def _signed_in(shown: Page, context: Context) -> Answer:
    async def answer(request: Request) -> Response:
        cookie = session_cookie(request, context)
        visitor = await sessions.find(context, cookie) if cookie else None
        if visitor is not None:
            return await shown(Visit(request, context, visitor))
        if fetched(request):
            raise UnauthenticatedError("session", "is over", "sign in again")
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = f"?next={quote(asked)}" if request.method == "GET" and asked != "/" else ""
        return RedirectResponse(f"/sign-in{back}", 303, SECURITY_HEADERS)

    return _answered(answer, context)


def _open(shown: OpenPage, context: Context) -> Answer:
    async def answer(request: Request) -> Response:
        return await shown(Guest(request, context))

    return _answered(answer, context)


def _answered(asked: Answer, context: Context) -> Answer:
    host = urlsplit(context.settings.origin).netloc

    async def answer(request: Request) -> Response:
        try:
            if "\x00" in request.scope["path"] or "%00" in request.url.query:
                raise NotFoundError("page", "is not there")  # no name of ours, and nothing that a database looks for
            if request.headers.get("host", "").lower() == host:
                return await asked(request)
            if request.method == "GET":
                return RedirectResponse(context.settings.origin + request.url.path, 307, SECURITY_HEADERS)
            raise ForbiddenError("page", "is at another address", f"open {context.settings.origin}")
        except SafetyError as error:
            return refused(request, error)

    return answer
