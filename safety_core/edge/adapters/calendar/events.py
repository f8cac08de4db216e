"""The arguments of a call -> an event in iCalendar (RFC 5545), and back to what a model reads."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vRecur

from safety_core.canonical import Json, JsonObject
from safety_core.edge.adapters.recipients import ADDRESS, recipients
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError

TEXTS: Final = {"title": "SUMMARY", "location": "LOCATION", "description": "DESCRIPTION"}
LONGEST: Final = 8000
"""Characters of one text."""
SHOWN: Final = 500
"""Characters of a description in a listing."""

MARK: Final = "X-SAFETY-CALL"
"""Which intended act wrote this state: a second try of the same finds it."""

FREQUENCIES: Final = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})

_RULE: Final = re.compile(r"[A-Z0-9=;,+-]{1,300}")
_MAILTO: Final = re.compile(r"mailto:", re.IGNORECASE)
BESIDE: Final = ("DELEGATED-TO", "DELEGATED-FROM", "SENT-BY", "MEMBER", "EMAIL")
"""Parameters of a person that hold addresses, too."""


def zone_of(request: Request) -> tzinfo:
    """Return the time zone in which times without one are meant: the connection's option, else UTC."""
    name = request.option("timezone", "UTC")
    try:
        return ZoneInfo(name) if name != "UTC" else UTC
    except (ValueError, OSError):
        raise request.refusal(f"has an option timezone that is none: {name[:40]!r}", "Europe/Berlin") from None


def moment(request: Request, name: str, zone: tzinfo) -> date | datetime:
    """Return a day, or a time with its zone. Raises ExecutionError where it is neither."""
    text = request.text(name)
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        fix = "write 2026-02-28T09:30, with +01:00 behind it where another zone is meant"
        raise ExecutionError(f"argument {name}", "must be a day such as 2026-02-28, or a time", fix) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def invited(request: Request) -> list[str]:
    """Return whom the call names as attendees: each was judged as somebody whom it reaches."""
    return recipients(request.arguments, "attendees")["attendees"]


def made(request: Request, uid: str, now: datetime) -> str:
    """Return a new event as text."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Safety Gateway//EN")
    event = Event()
    event.add("uid", uid)
    event.add("sequence", 0)
    calendar.add_component(event)
    zone = zone_of(request)
    start = moment(request, "start", zone)
    _set_times(request, event, start, zone)
    _set_texts(request, event)
    if not event.get("SUMMARY"):
        raise ExecutionError("argument title", "must say what it is")
    _invite(request, event, invited(request))
    return _written(request, calendar, event, now)


def changed(request: Request, text: str, now: datetime) -> str:
    """Return an event with what the call changes. Raises ExecutionError where it may not be changed like this."""
    calendar = read(request, text)
    event = master(request, calendar)
    check_invited(request, calendar)
    zone = zone_of(request)
    if "start" in request.arguments or "end" in request.arguments:
        start = moment(request, "start", zone) if "start" in request.arguments else event["DTSTART"].dt
        _set_times(request, event, start, zone)
    elif "rule" in request.arguments:
        _set_rule(request, event)
    _set_texts(request, event)
    _invite(request, event, invited(request))
    event["SEQUENCE"] = int(event.get("SEQUENCE", 0)) + 1
    return _written(request, calendar, event, now)


def read(request: Request, text: str) -> Any:
    """Return a calendar object. Raises ExecutionError where it is none that can be read."""
    try:
        found = Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError):  # a time zone is a file's name
        found = None
    if not isinstance(found, Calendar):  # it may be a component of another kind that calls itself one
        raise request.refusal("has an event that cannot be read", "look at it with another program")
    return found


def master(request: Request, calendar: Any) -> Any:
    """Return the event itself: the one that is not one of its own repetitions."""
    events = [event for event in calendar.walk("VEVENT") if "RECURRENCE-ID" not in event]
    if len(events) != 1 or "DTSTART" not in events[0]:
        raise request.refusal("has something there that is not one event", "change it with another program")
    return events[0]


def check_invited(request: Request, calendar: Any) -> None:
    """Refuse where somebody would be told of a change whom the call does not name.

    Raises:
        ExecutionError: the event has people besides those of the call, or a line that one reader alone can read.
    """
    named = {address.casefold() for address in invited(request)}
    there = attendees_of(request, calendar)
    if any(getattr(part, "errors", ()) for part in calendar.walk()):
        raise request.refusal("has an event with lines that cannot be read", "change it with another program")
    missing = [address for address in there if address.casefold() not in named]
    if missing:
        fix = f"name them all in attendees: {', '.join(there)[:300]}"
        raise ExecutionError("argument attendees", "leaves out people whom the server may tell of it", fix)


def attendees_of(request: Request, calendar: Any) -> list[str]:
    """Return the addresses of everybody whom the server may tell of a change: who is invited to an event or one of its
    repetitions, whom an alarm writes to, who invites where that is not us, and who stands in for one of them."""
    own = request.option("from", request.connection.user).casefold()
    found: list[str] = []
    for part in calendar.walk():
        organizers = [address for one in _every(part, "ORGANIZER") for address in _addresses(one)]
        found += [address for one in _every(part, "ATTENDEE") for address in _addresses(one)]
        found += [address for address in organizers if address.casefold() != own]
    return list(dict.fromkeys(found))


def _every(part: Any, name: str) -> list[Any]:
    listed = part.get(name, [])
    return listed if isinstance(listed, list) else [listed]


def _addresses(person: Any) -> list[str]:
    """Return a person's address, and those beside it by which a server may reach somebody else (RFC 5545, 3.2)."""
    params = getattr(person, "params", {})
    beside = [params[name] for name in BESIDE if name in params]
    texts = [person, *(text for one in beside for text in (one if isinstance(one, list | tuple) else [one]))]
    return [_MAILTO.sub("", str(text), count=1) for text in texts]


def marked(request: Request, calendar: Any) -> bool:
    """Tell whether this intended act wrote this state."""
    return any(str(event.get(MARK, "")) == _mark(request) for event in calendar.walk("VEVENT"))


def shown(event: Any, start: date | datetime, end: date | datetime | None) -> JsonObject:
    """Return what a model reads of an event at one of its times."""
    told: JsonObject = {"title": _text(event, "SUMMARY"), "start": start.isoformat()}
    if end is not None:
        told["end"] = end.isoformat()
    for name in ("location", "description"):
        if text := _text(event, TEXTS[name]):
            told[name] = text[:SHOWN]
    people: list[Json] = [_MAILTO.sub("", str(one)) for one in _every(event, "ATTENDEE")]
    if people:
        told["attendees"] = people[:50]
    rule = event.get("RRULE")
    if isinstance(rule, vRecur):
        told["repeats"] = _spelled(rule)
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        told["cancelled"] = True
    return told


def _spelled(rule: Any) -> str:
    return str(rule.to_ical().decode("utf-8", "replace"))


def _text(event: Any, name: str) -> str:
    value = event.get(name, "")
    return " ".join(str(value[0] if isinstance(value, list) else value).split())


def _set_texts(request: Request, event: Any) -> None:
    for name, field in TEXTS.items():
        if name in request.arguments:
            text = request.text(name).replace("\r\n", "\n")
            if len(text) > LONGEST or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
                raise ExecutionError(f"argument {name}", f"must be text of at most {LONGEST} characters")
            event.pop(field, None)
            event.add(field.lower(), text)


def _set_times(request: Request, event: Any, start: date | datetime, zone: tzinfo) -> None:
    whole = not isinstance(start, datetime)
    before, length = event.get("DTSTART"), timedelta(days=1) if whole else timedelta(hours=1)
    if before is not None and "DTEND" in event and isinstance(before.dt, datetime) is not whole:
        length = event["DTEND"].dt - before.dt
    end = moment(request, "end", zone) if "end" in request.arguments else start + length
    if isinstance(end, datetime) is whole or end <= start:
        raise ExecutionError("argument end", "must lie behind the start, and both be days, or both be times")
    for name in ("DTSTART", "DTEND", "DURATION"):
        event.pop(name, None)
    event.add("dtstart", start)
    event.add("dtend", end)
    if "rule" in request.arguments:
        _set_rule(request, event)


def _set_rule(request: Request, event: Any) -> None:
    text = request.text("rule").removeprefix("RRULE:")
    try:
        rule = vRecur.from_ical(text) if _RULE.fullmatch(text) else {}
    except (ValueError, KeyError):
        rule = {}
    if not {str(one) for one in rule.get("FREQ", [""])} <= FREQUENCIES:
        fix = "write FREQ=WEEKLY;COUNT=5, as in iCalendar"
        raise ExecutionError("argument rule", "must say how it repeats, at most daily", fix)
    event.pop("RRULE", None)
    event.add("rrule", rule)


def _invite(request: Request, event: Any, people: list[str]) -> None:
    """Add who is not invited yet; whoever is stays as they are."""
    known = [*_every(event, "ATTENDEE"), *_every(event, "ORGANIZER")]
    there = {address.casefold() for one in known for address in _addresses(one)}
    for address in people:
        if address.casefold() not in there:
            attendee = vCalAddress(f"mailto:{address}")
            attendee.params["RSVP"] = "TRUE"
            event.add("attendee", attendee)
    if people and "ORGANIZER" not in event:
        sender = request.option("from", request.connection.user)
        if not ADDRESS.fullmatch(sender):
            raise request.refusal("has no address to invite from", 'options = { from = "anna@shop.example" }')
        event.add("organizer", vCalAddress(f"mailto:{sender}"))


def _written(request: Request, calendar: Any, event: Any, now: datetime) -> str:
    for name in ("DTSTAMP", "LAST-MODIFIED", MARK):
        event.pop(name, None)
    event.add("dtstamp", now)
    event.add("last-modified", now)
    event.add(MARK.lower(), _mark(request))
    calendar.add_missing_timezones()
    raw: bytes = calendar.to_ical()
    return raw.decode()


def _mark(request: Request) -> str:
    return hashlib.sha256(request.key.encode()).hexdigest()
