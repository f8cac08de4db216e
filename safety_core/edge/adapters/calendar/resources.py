"""One event or contact as it lies on the server, and how it is changed without overwriting what somebody else did.

An id is "calendar/name.ics": the last part of the collection's path, and the name of what lies in it. What we add is
named after the key of the intended act, so that a second try finds what the first one did.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from safety_core.edge.adapters.calendar.dav import Dav
from safety_core.edge.adapters.calendar.places import CALENDARS, Kind, Place, places
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import Undo

UNDONE_BYTES: Final = 64 * 1024
"""Of a former state that is kept to be put back; a contact with a large picture has none."""

_ID: Final = re.compile(r"(?P<place>[^/\x00-\x1f\x7f]{1,200})/(?P<name>(?!\.{1,2}$)[^/\x00-\x1f\x7f]{1,300})")


@dataclass(frozen=True, slots=True)
class Resource:
    """What lies at one place.

    Attributes:
        tag: the server's word for this very state; empty where it gives none.
    """

    id: str
    path: str
    text: str
    tag: str


def name_of(request: Request) -> str:
    """Return the name, and the UID, of what this intended act adds."""
    return hashlib.sha256(request.key.encode()).hexdigest()[:40]


def tag_of(text: str) -> str:
    """Return an entity tag as a header carries it. Raises ExecutionError where it is none."""
    if not re.fullmatch(r'(W/)?"[\x21\x23-\x7e]*"', text):
        raise ExecutionError("argument etag", "is no tag of a state", "give it as the listing shows it, or none")
    return text


async def found(session: Dav, request: Request, kind: Kind, identity: str) -> Resource | None:
    """Return what has this id, None where there is nothing. Raises ExecutionError where it is no id."""
    path = await path_of(session, request, kind, identity)
    answer = await session.send("GET", path)
    if answer.status in {404, 410}:
        return None
    if answer.status != 200 or not answer.whole:
        raise session.refused(answer)
    return Resource(identity, path, answer.body.decode("utf-8", "replace"), answer.headers.get("etag", ""))


async def path_of(session: Dav, request: Request, kind: Kind, identity: str) -> str:
    """Return where an id leads: into one of our collections, and no deeper."""
    match = _ID.fullmatch(identity)
    known = await places(session, request, kind) if match else []
    fitting = [place for place in known if match and place.short == match["place"]]
    if match is None or not fitting:
        raise ExecutionError(f"id {identity[:80]!r}", f"is no id in a {kind.words} of ours", "take one from a listing")
    return fitting[0].path + quote(match["name"], safe="")


async def added(session: Dav, request: Request, place: Place, kind: Kind, text: str) -> Resource:
    """Put something new there; what an earlier try of the same act put there is what it was to be."""
    name = f"{name_of(request)}{kind.ending}"
    path = place.path + name
    identity = f"{place.short}/{name}"
    answer = await session.send("PUT", path, {"If-None-Match": "*", "Content-Type": _type(kind)}, text)
    if answer.status == 412:
        there = await session.send("GET", path)
        if name_of(request) not in there.body.decode("utf-8", "replace"):
            raise session.refused(answer)
        answer = there
    elif answer.status not in {200, 201, 204}:
        raise session.refused(answer)
    return Resource(identity, path, text, answer.headers.get("etag", ""))


async def put(session: Dav, kind: Kind, before: Resource, text: str, tag: str) -> str:
    """Put a new state in the place of one; return its tag, "" where the server does not tell.

    Args:
        tag: of the state that it takes the place of; empty: there must be nothing.
    """
    condition = {"If-Match": tag} if tag else {"If-None-Match": "*"}
    answer = await session.send("PUT", before.path, {**condition, "Content-Type": _type(kind)}, text)
    if answer.status not in {200, 201, 204}:
        raise session.refused(answer)
    if "etag" in answer.headers:
        return answer.headers["etag"]
    return (await session.send("GET", before.path)).headers.get("etag", "")


async def removed(session: Dav, before: Resource, tag: str) -> None:
    """Take it away, in the state that was read and no other."""
    answer = await session.send("DELETE", before.path, {"If-Match": tag} if tag else {})
    if answer.status not in {200, 202, 204}:
        raise session.refused(answer)


def expected(request: Request, resource: Resource) -> str:
    """Return the tag of the state that a change takes the place of: the call's own, where it names one."""
    wanted = request.text("etag", "")
    if wanted and tag_of(wanted) != resource.tag:
        raise ExecutionError(f"id {resource.id}", "is otherwise by now: somebody changed it", "read it again")
    if not resource.tag:
        raise request.refusal("has a server that gives no tags of states, so nothing is changed there")
    return resource.tag


def putting_back(request: Request, kind: Kind, before: Resource, tag: str, attendees: list[str]) -> Undo | None:
    """Return the call that puts a former state back in the place of the one with this tag (empty: of nothing)."""
    if len(before.text.encode()) > UNDONE_BYTES:
        return None
    tool = "calendar_restore" if kind is CALENDARS else "contacts_restore"
    arguments = {"connection": request.connection.name, "id": before.id, "text": before.text}
    if tag:
        arguments["etag"] = tag
    return Undo(tool, {**arguments, "attendees": [*attendees]} if attendees else {**arguments})


def _type(kind: Kind) -> str:
    return f"text/{'calendar' if kind is CALENDARS else 'vcard'}; charset=utf-8"
