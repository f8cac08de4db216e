"""Signing in and out."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from hub.console.cookies import drop_session
from hub.console.visit import Guest, OpenRoutes, PageRoutes, Visit
from hub.people import sessions


async def show(guest: Guest) -> Response:
    """Show the ways to sign in."""
    return guest.render("signin.html")


async def sign_out(visit: Visit) -> Response:
    """End this session."""
    await visit.form()
    await sessions.end(visit.context, visit.session)
    answer = visit.go("/sign-in")
    drop_session(answer, visit.context)
    return answer


ROUTES: Final[PageRoutes] = (("POST", "/sign-out", sign_out),)
OPEN: Final[OpenRoutes] = (("GET", "/sign-in", show),)
