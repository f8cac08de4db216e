"""Operations on address books."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from safety_core.canonical import JsonObject
from safety_core.edge.adapters.calendar import contacts
from safety_core.edge.adapters.calendar.dav import Dav
from safety_core.edge.adapters.calendar.diary import gone, put_back, resources_in, told
from safety_core.edge.adapters.calendar.places import BOOKS, SPACES, Place, chosen, places
from safety_core.edge.adapters.calendar.resources import (
    Resource,
    added,
    expected,
    found,
    name_of,
    path_of,
    put,
    putting_back,
    removed,
)
from safety_core.edge.adapters.calendar.xml import CARDDAV, DAV
from safety_core.edge.adapters.listing import fitting
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult, Undo

LISTED: Final = 50
MOST_LISTED: Final = 500
SEARCHED: Final = ("FN", "EMAIL", "TEL", "ORG", "NICKNAME", "NOTE")


async def search(session: Dav, request: Request) -> ToolResult:
    """List the contacts in which a text occurs, all where there is none."""
    limit, query = request.number("limit", LISTED, MOST_LISTED), request.text("query", "")
    known = await places(session, request, BOOKS)
    wanted = request.text("book", "")
    rows: list[JsonObject] = []
    for place in [chosen(request, known, wanted, BOOKS)] if wanted else known:
        for resource in await _resources(session, place, query):
            rows.append({"id": resource.id, "etag": resource.tag, **_shown(request, resource)})
    rows.sort(key=lambda row: str(row.get("name", "")).casefold())
    return told({"found": len(rows), "contacts": fitting(rows[:limit], request.output)})


async def add(session: Dav, request: Request) -> ToolResult:
    """Add a contact."""
    text = contacts.made(request, name_of(request))
    known = await places(session, request, BOOKS)
    place = chosen(request, known, request.text("book", ""), BOOKS)
    there = await added(session, request, place, BOOKS, text)
    undo = Undo("contacts_remove", {"connection": request.connection.name, "id": there.id})
    return told({"added": there.id, "etag": there.tag}, undo)


async def change(session: Dav, request: Request) -> ToolResult:
    """Change a contact, in the state that was read and no other."""
    before = await found(session, request, BOOKS, request.text("id"))
    if before is None:
        return gone(request)
    if request.again and contacts.marked(request, before.text):
        return told({"changed": before.id, "etag": before.tag, "before": True})
    tag = expected(request, before)
    new = await put(session, BOOKS, before, contacts.changed(request, before.text), tag)
    return told({"changed": before.id, "etag": new}, putting_back(request, BOOKS, before, new, []) if new else None)


async def remove(session: Dav, request: Request) -> ToolResult:
    """Take a contact away."""
    before = await found(session, request, BOOKS, request.text("id"))
    if before is None:
        return gone(request)
    await removed(session, before, expected(request, before))
    return told({"removed": before.id}, putting_back(request, BOOKS, before, "", []))


async def restore(session: Dav, request: Request) -> ToolResult:
    """Put a former state of a contact back: the call that an undo record holds."""
    text, identity = request.text("text"), request.text("id")
    contacts.read(request, text)
    here = await found(session, request, BOOKS, identity)
    path = here.path if here else await path_of(session, request, BOOKS, identity)
    return await put_back(session, request, here, Resource(identity, path, text, ""))


async def _resources(session: Dav, place: Place, query: str) -> list[Resource]:
    match = f'<k:text-match collation="i;unicode-casemap" match-type="contains">{escape(query)}</k:text-match>'
    tests = "".join(f'<k:prop-filter name="{name}">{match}</k:prop-filter>' for name in SEARCHED) if query else ""
    body = (
        f"<k:addressbook-query {SPACES}><d:prop><d:getetag/><k:address-data/></d:prop>"
        f'<k:filter test="anyof">{tests or _ANY}</k:filter></k:addressbook-query>'
    )
    answer = await session.ask("REPORT", place.path, body, depth=1)
    rows = list(answer.all(f"{DAV}response")) if answer else []
    return resources_in(session, place, rows, f"{CARDDAV}address-data")


_ANY: Final = '<k:prop-filter name="FN"/>'
"""Every contact has a name."""


def _shown(request: Request, resource: Resource) -> JsonObject:
    try:
        return contacts.shown(request, resource.text)
    except ExecutionError:
        return {"note": "cannot be read"}
