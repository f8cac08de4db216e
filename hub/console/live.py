"""GET /console/events: a stream on which an open page is told that something waits anew, or no more; it then looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import Response, StreamingResponse

from hub.bus import Topic
from hub.console.render import SECURITY_HEADERS
from hub.console.visit import PageRoutes, Visit

QUIET_SECONDS: Final = 20.0
"""After so long without a word a comment is written, so that both ends know that the other is there."""

TURNS: Final = 15
"""After so many words or comments the stream ends: the browser comes again, and shows that its session still holds."""


async def events(visit: Visit) -> Response:
    """Tell a page of news of all tenants that its reader may see."""
    tenants = await visit.tenants()

    async def words() -> AsyncIterator[str]:
        with visit.context.bus.listen(tenants, {Topic.INBOX}) as ear:
            yield "retry: 1000\n\n"
            for _ in range(TURNS):
                try:
                    await asyncio.wait_for(ear.heard(), QUIET_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
                else:
                    yield "data: inbox\n\n"

    headers = {**SECURITY_HEADERS, "X-Accel-Buffering": "no"}  # nginx would hold words back
    return StreamingResponse(words(), media_type="text/event-stream", headers=headers)


ROUTES: Final[PageRoutes] = (("GET", "/console/events", events),)
