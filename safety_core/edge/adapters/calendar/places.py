"""Which calendars and address books there are: from the target, by who we are there, to our homes (RFC 6764, 5397).

Nothing beyond these homes is ever read or written: an id that an agent gives names something in one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from safety_core.edge.adapters.calendar.dav import Dav
from safety_core.edge.adapters.calendar.xml import CALDAV, CARDDAV, DAV, Element
from safety_core.edge.adapters.request import Request

MOST: Final = 200
"""Collections of one account."""

SPACES: Final = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:k="urn:ietf:params:xml:ns:carddav"'

_WHO: Final = f"<d:propfind {SPACES}><d:prop><d:current-user-principal/></d:prop></d:propfind>"
_HOMES: Final = f"<d:propfind {SPACES}><d:prop><c:calendar-home-set/><k:addressbook-home-set/></d:prop></d:propfind>"
_LIST: Final = (
    f"<d:propfind {SPACES}><d:prop><d:resourcetype/><d:displayname/><c:supported-calendar-component-set/>"
    "</d:prop></d:propfind>"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """Calendars, or address books.

    Attributes:
        tag: of the type of its collections, `home` of where they are.
        well_known: where a server says where it speaks this.
        ending: of the names of what lies in them.
    """

    words: str
    tag: str
    home: str
    well_known: str
    ending: str


CALENDARS: Final = Kind("calendar", f"{CALDAV}calendar", f"{CALDAV}calendar-home-set", "/.well-known/caldav", ".ics")
BOOKS: Final = Kind(
    "address book", f"{CARDDAV}addressbook", f"{CARDDAV}addressbook-home-set", "/.well-known/carddav", ".vcf"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A calendar or an address book.

    Attributes:
        path: on the server, percent-encoded, a slash at its end.
        name: as people call it.
    """

    path: str
    name: str

    @property
    def short(self) -> str:
        """The last part of the path: what an id begins with."""
        return unquote(self.path.rstrip("/").rpartition("/")[2])


async def places(session: Dav, request: Request, kind: Kind) -> list[Place]:
    """Return the collections of one kind. Raises ExecutionError where there is none."""
    found: dict[str, Place] = {}
    for home in await _homes(session, kind):
        for place in await _within(session, home, kind):
            found.setdefault(place.path, place)
    if not found:
        fix = "name the server's own address for it as the target, or make one there"
        raise request.refusal(f"has no {kind.words}", fix)
    return sorted(found.values(), key=lambda place: place.path)[:MOST]


def chosen(request: Request, known: list[Place], wanted: str, kind: Kind) -> Place:
    """Return the place that a call names, by its name or its short name; the only one where it names none."""
    if not wanted:
        if len(known) == 1:
            return known[0]
        wanted = request.option("calendar" if kind is CALENDARS else "book")
    fitting = [place for place in known if wanted and wanted in {place.short, place.name}]
    if len(fitting) != 1:
        shown = ", ".join(place.short[:60] for place in known[:20])
        raise request.refusal(f"has no one {kind.words} {wanted[:60]!r}", f"name one of these: {shown}")
    return fitting[0]


async def _homes(session: Dav, kind: Kind) -> list[str]:
    """Return the paths of our homes; the target itself where the server does not say who we are."""
    for start in (session.base.raw_path.decode("ascii"), kind.well_known):
        answer = await session.ask("PROPFIND", start, _WHO)
        who = _href(answer, f"{DAV}current-user-principal")
        if not who:
            continue
        answer = await session.ask("PROPFIND", who, _HOMES)
        homes = (
            [href.text.strip() for part in answer.all(kind.home) for href in part.all(f"{DAV}href")] if answer else []
        )
        if homes:
            return homes[:5]
    return [session.base.raw_path.decode("ascii")]


async def _within(session: Dav, home: str, kind: Kind) -> list[Place]:
    """Return the collections in a home, and the home itself where it is one."""
    answer = await session.ask("PROPFIND", home, _LIST, depth=1)
    found = []
    for response in answer.all(f"{DAV}response") if answer else ():
        types = response.first(f"{DAV}resourcetype")
        if types is None or types.first(kind.tag) is None or not _holds_events(response, kind):
            continue
        path = session.url(response.said(f"{DAV}href")).raw_path.decode("ascii")
        place = Place(path if path.endswith("/") else f"{path}/", response.said(f"{DAV}displayname"))
        found.append(Place(place.path, place.name or place.short))
    return found


def _holds_events(response: Element, kind: Kind) -> bool:
    """Tell whether a collection holds what we work with; a list of tasks is a calendar without events."""
    listed = response.first(f"{CALDAV}supported-calendar-component-set")
    names = [component.attributes.get("name", "") for component in listed.children] if listed else []
    return kind is BOOKS or not names or "VEVENT" in names


def _href(answer: Element | None, name: str) -> str:
    found = answer.first(name) if answer else None
    return found.said(f"{DAV}href") if found else ""
