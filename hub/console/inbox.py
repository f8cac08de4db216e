"""What waits for an answer."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from hub.console.visit import PageRoutes, Visit


async def inbox(visit: Visit) -> Response:
    """Show what waits, the newest first."""
    return visit.render("inbox.html", tenants=await visit.tenants())


ROUTES: Final[PageRoutes] = (("GET", "/", inbox),)
