"""Operations on calendars."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from urllib.parse import unquote

from safety_core.canonical import Json, JsonObject
from safety_core.edge.adapters.calendar import events
from safety_core.edge.adapters.calendar.dav import Dav
from safety_core.edge.adapters.calendar.places import BOOKS, CALENDARS, SPACES, Place, chosen, places
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
    tag_of,
)
from safety_core.edge.adapters.calendar.spans import TooOftenError, times_in
from safety_core.edge.adapters.calendar.xml import CALDAV, DAV
from safety_core.edge.adapters.listing import fitting
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult, Undo

DAYS: Final = 7
"""What is listed where the call names no end."""
MOST_DAYS: Final = 1100
LISTED: Final = 100
MOST_LISTED: Final = 500
MOST_READ: Final = 3000
"""Events of one answer that are read: each takes about a millisecond."""


async def calendars(session: Dav, request: Request) -> ToolResult:
    """List the calendars."""
    known = await places(session, request, CALENDARS)
    return told({"calendars": [{"calendar": place.short, "name": place.name} for place in known]})


async def listed(session: Dav, request: Request) -> ToolResult:
    """List what takes place in a span of time, in order."""
    start, end = _span(request)
    limit = request.number("limit", LISTED, MOST_LISTED)
    query = request.text("query", "").casefold()
    known = await places(session, request, CALENDARS)
    wanted = request.text("calendar", "")
    here = [chosen(request, known, wanted, CALENDARS)] if wanted else known
    rows: list[tuple[str, JsonObject]] = []
    for place in here:
        for resource in await _resources(session, request, place, start, end):
            rows += _rows(request, resource, start, end)
    matching = [row for _, row in sorted(rows, key=lambda row: row[0]) if not query or query in _words(row)]
    body: JsonObject = {"from": start.isoformat(), "to": end.isoformat(), "found": len(matching)}
    return told({**body, "events": fitting(matching[:limit], request.output)})


async def add(session: Dav, request: Request) -> ToolResult:
    """Add an event."""
    text = events.made(request, name_of(request), datetime.now(UTC))
    known = await places(session, request, CALENDARS)
    place = chosen(request, known, request.text("calendar", ""), CALENDARS)
    there = await added(session, request, place, CALENDARS, text)
    arguments: JsonObject = {"connection": request.connection.name, "id": there.id}
    people: list[Json] = [*events.invited(request)]
    undo = Undo("calendar_remove", {**arguments, "attendees": people} if people else arguments)
    return told({"added": there.id, "etag": there.tag}, undo)


async def change(session: Dav, request: Request) -> ToolResult:
    """Change an event, in the state that was read and no other."""
    before = await _there(session, request)
    calendar = events.read(request, before.text)
    if request.again and events.marked(request, calendar):
        return told({"changed": before.id, "etag": before.tag, "before": True})
    tag = expected(request, before)
    text = events.changed(request, before.text, datetime.now(UTC))
    new = await put(session, CALENDARS, before, text, tag)
    people = events.attendees_of(request, events.read(request, text))
    undo = putting_back(request, CALENDARS, before, new, people) if new else None
    return told({"changed": before.id, "etag": new}, undo)


async def remove(session: Dav, request: Request) -> ToolResult:
    """Take an event away."""
    before = await found(session, request, CALENDARS, request.text("id"))
    if before is None:
        return gone(request)
    calendar = events.read(request, before.text)
    events.check_invited(request, calendar)
    await removed(session, before, expected(request, before))
    undo = putting_back(request, CALENDARS, before, "", events.attendees_of(request, calendar))
    return told({"removed": before.id}, undo)


async def restore(session: Dav, request: Request) -> ToolResult:
    """Put a former state of an event back: the call that an undo record holds."""
    text, identity = request.text("text"), request.text("id")
    calendar = events.read(request, text)
    events.master(request, calendar)
    events.check_invited(request, calendar)
    here = await found(session, request, CALENDARS, identity)
    if here:
        events.check_invited(request, events.read(request, here.text))
    path = here.path if here else await path_of(session, request, CALENDARS, identity)
    return await put_back(session, request, here, Resource(identity, path, text, ""))


async def put_back(session: Dav, request: Request, here: Resource | None, back: Resource) -> ToolResult:
    """Put a former state back, where there still is what took its place."""
    kind = CALENDARS if request.operation == "restore" else BOOKS
    if here and request.again and _same(here.text, back.text):
        return told({"restored": back.id, "etag": here.tag, "before": True})
    tag = request.text("etag", "")
    if tag and tag_of(tag) and not here:
        return gone(request)
    new = await put(session, kind, back, back.text, tag)
    undo = None
    if here and new:
        people = events.attendees_of(request, events.read(request, back.text)) if kind is CALENDARS else []
        undo = putting_back(request, kind, here, new, people)
    return told({"restored": back.id, "etag": new}, undo)


def told(body: JsonObject, undo: Undo | None = None) -> ToolResult:
    """Return a result as JSON."""
    return ToolResult(json.dumps(body, ensure_ascii=False, indent=1), undo=undo)


def gone(request: Request) -> ToolResult:
    """What is not there: to a second try of taking it away, that is what the first one did."""
    if request.again and request.operation.startswith("remove"):
        return told({"removed": request.text("id"), "before": True})
    raise request.refusal("has no such event or contact any more", "list them again")


async def _there(session: Dav, request: Request) -> Resource:
    before = await found(session, request, CALENDARS, request.text("id"))
    if before is None:
        raise request.refusal("has no such event any more", "list them again")
    return before


def _span(request: Request) -> tuple[datetime, datetime]:
    zone = events.zone_of(request)
    today = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    ends: list[datetime] = []
    for name, usual in (("from", today), ("to", None)):
        given: date | datetime = usual or ends[0] + timedelta(days=DAYS)
        if name in request.arguments:
            given = events.moment(request, name, zone)
            if not isinstance(given, datetime):  # a day: from its first moment, to its last
                given = datetime.combine(given + timedelta(days=name == "to"), time(), zone)
        ends.append(given if isinstance(given, datetime) else today)
    start, end = (moment.astimezone(zone) for moment in ends)
    if not timedelta(0) < end - start <= timedelta(days=MOST_DAYS):
        raise ExecutionError("argument to", f"must lie behind from, at most {MOST_DAYS} days")
    return start, end


async def _resources(session: Dav, request: Request, place: Place, start: datetime, end: datetime) -> list[Resource]:
    span = " ".join(f'{name}="{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"' for name, at in (("start", start), ("end", end)))
    query = (
        f"<c:calendar-query {SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter>"
        f'<c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range {span}/></c:comp-filter>'
        "</c:comp-filter></c:filter></c:calendar-query>"
    )
    answer = await session.ask("REPORT", place.path, query, depth=1)
    rows = list(answer.all(f"{DAV}response")) if answer else []
    if len(rows) > MOST_READ:
        raise request.refusal(f"has more than {MOST_READ} events in this time", "ask for a shorter time")
    return resources_in(session, place, rows, f"{CALDAV}calendar-data")


def resources_in(session: Dav, place: Place, rows: list[Any], data: str) -> list[Resource]:
    """Return what a report lists."""
    made = []
    for row in rows:
        path = session.url(row.said(f"{DAV}href")).raw_path.decode("ascii")
        text = row.said(data)
        if text and path.startswith(place.path):
            name = unquote(path.removeprefix(place.path))
            made.append(Resource(f"{place.short}/{name}", path, text, row.said(f"{DAV}getetag")))
    return made


def _rows(request: Request, resource: Resource, start: datetime, end: datetime) -> list[tuple[str, JsonObject]]:
    """Return what is told of one event: an event that cannot be read, which anybody may send, hides no other."""
    zone = events.zone_of(request)
    head: JsonObject = {"id": resource.id, "etag": resource.tag}
    try:
        return _times(events.read(request, resource.text).walk("VEVENT"), head, start, end, zone)
    except (ExecutionError, AttributeError, LookupError, OSError, OverflowError, TypeError, ValueError):
        return [("", {**head, "note": "cannot be read"})]


def _times(
    held: list[Any], head: JsonObject, start: datetime, end: datetime, zone: tzinfo
) -> list[tuple[str, JsonObject]]:
    try:
        times = times_in(held, start, end, zone)
    except TooOftenError:
        first = held[0]
        at = first["DTSTART"].dt
        return [(at.isoformat(), {**head, **events.shown(first, at, None), "note": "repeats in a way not listed here"})]
    return [(_sorted(at, zone), {**head, **events.shown(event, at, until)}) for at, until, event in times]


def _sorted(at: date | datetime, zone: Any) -> str:
    moment = at if isinstance(at, datetime) else datetime.combine(at, time(), zone)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC).isoformat()


def _words(row: JsonObject) -> str:
    return " ".join(str(row.get(name, "")) for name in ("title", "location", "description", "attendees")).casefold()


def _same(one: str, other: str) -> bool:
    return "".join(one.split()) == "".join(other.split())
