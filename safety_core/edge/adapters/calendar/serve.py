"""One operation on calendars or address books, by its name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from safety_core.edge.adapters.calendar import diary, people
from safety_core.edge.adapters.calendar.dav import Dav, dav
from safety_core.edge.adapters.calendar.places import BOOKS, CALENDARS, places
from safety_core.edge.adapters.request import CHECK, Request
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult


async def serve(request: Request) -> ToolResult:
    """Carry out one operation.

    Raises:
        ExecutionError: it did not come about, or nobody knows (UncertainError).
    """
    operation = OPERATIONS.get(request.operation)
    if operation is None:
        raise request.refusal(f"has no operation {request.operation!r}")
    secrets = [request.secret(slot) for slot in ("password", "token")]
    if request.connection.user and not any(secrets):
        raise request.refusal("has a user, but no secret of theirs", 'secrets = { password = "NAME" }')
    async with dav(request) as session:
        return await operation(session, request)


async def check(session: Dav, request: Request) -> ToolResult:
    """Log in, and look what there is."""
    told = []
    for kind in (CALENDARS, BOOKS):
        try:
            told.append(f"{len(await places(session, request, kind))} {kind.words}s")
        except ExecutionError as error:
            if not error.reason.startswith("has no "):
                raise
            told.append(f"no {kind.words}")
    return ToolResult(f"{session.base.host}, as {request.connection.user or 'nobody'}: {', '.join(told)}")


OPERATIONS: Final[dict[str, Callable[[Dav, Request], Awaitable[ToolResult]]]] = {
    CHECK: check,
    "calendars": diary.calendars,
    "events": diary.listed,
    "add": diary.add,
    "change": diary.change,
    "remove": diary.remove,
    "restore": diary.restore,
    "search_contacts": people.search,
    "add_contact": people.add,
    "change_contact": people.change,
    "remove_contact": people.remove,
    "restore_contact": people.restore,
}
