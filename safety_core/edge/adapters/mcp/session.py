"""A session with an MCP server, over whichever transport its target names.

What the server asks of us (to ask a model, to ask a person, to list folders) is declined, and it is told before that we
do none of it: a tool does what it was called for, or fails.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from mcp import ClientSession
from mcp_types import Implementation, ListToolsResult, PaginatedRequestParams

from safety_core.canonical import Json, JsonObject
from safety_core.edge.adapters.mcp.http import Transport, reached
from safety_core.edge.adapters.mcp.stdio import running
from safety_core.edge.adapters.request import Request

US: Final = Implementation(name="safety-gateway", version="1")
MOST_PAGES: Final = 50
MOST_TOOLS: Final = 1000
"""Of one server, which says itself how many it has."""


class Progress:
    """How far a call is: what went wrong later is told by it.

    Attributes:
        transport: below the session, where there is one that says why it was refused.
        sent: the tool may have begun.
    """

    def __init__(self) -> None:
        self.transport: Transport | None = None
        self.sent = False


@asynccontextmanager
async def session_with(request: Request, progress: Progress) -> AsyncGenerator[ClientSession, None]:
    """Yield an initialised session.

    Raises:
        ExecutionError: the server cannot be started or reached.
    """
    if request.connection.target.startswith(("http://", "https://")):
        async with reached(request) as (streams, transport):
            progress.transport = transport
            reading, writing = streams
            async with ClientSession(reading, writing, client_info=US) as session:
                await session.initialize()
                yield session
    else:
        async with running(request) as (reading, writing), ClientSession(reading, writing, client_info=US) as session:
            await session.initialize()
            yield session


async def tools_of(session: ClientSession, request: Request) -> list[JsonObject]:
    """Return the definitions of all tools of the server.

    Raises:
        ExecutionError: it has more than anybody could look at.
    """
    found: list[JsonObject] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page: ListToolsResult = await session.list_tools(params=PaginatedRequestParams(cursor=cursor))
        tools: list[Json] = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in page.tools]
        found += [tool for tool in tools if isinstance(tool, dict)]
        cursor = page.next_cursor
        if cursor is None or len(found) > MOST_TOOLS:
            break
    if cursor is not None or len(found) > MOST_TOOLS:
        raise request.refusal(f"has more than {MOST_TOOLS} tools", "connect a server with fewer")
    return found
