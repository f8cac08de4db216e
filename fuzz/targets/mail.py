"""What servers of mail, calendars and contacts answer: whatever it is, a call ends with our own refusal or an answer.

The first byte says what the rest is. The readers that say so raise ValueError, which their callers turn into a refusal.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from fuzz.trial import Target
from safety_core.canonical import canonical_bytes
from safety_core.edge.adapters.calendar import contacts, diary, events, vcard, xml
from safety_core.edge.adapters.calendar.resources import Resource
from safety_core.edge.adapters.mail import names, pages, reading, structure, wire
from safety_core.edge.adapters.request import Request
from safety_core.model.connection import Connection

_START, _END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)


def start() -> Target:
    """Return the reader."""
    connection = Connection("mail", "mail", "imaps://mail.example", "a@b.example")
    request = Request(connection, "read", {}, {}, "k", False, 4096, 5.0)

    def read(raw: bytes) -> None:
        way, rest = raw[:1], raw[1:]
        text = rest.decode("utf-8", "replace")
        match way:
            case b"I":
                _imap(rest)
            case b"X":
                _xml(rest)
            case b"H":
                found = reading.headers_of(rest)
                assert not any("\n" in value for value in found.values()), "a header is more than a line"
            case b"N":
                _names(text)
            case b"P":
                pages.text_of_page(text)
            case b"V":
                canonical_bytes(contacts.shown(request, text))
                lines = contacts.read(request, text)
                assert vcard.lines_of(vcard.written(lines)) == lines, "written, it reads differently"
            case b"C":
                _calendar(request, text)

    return read


def _imap(raw: bytes) -> None:
    try:
        whole = [wire.parsed(raw), *wire.Reply(True, [raw], []).values(b"FETCH")]
    except ValueError:  # as their callers do
        return
    for values in whole:
        for value in values:
            found = structure.parts(wire.after(value, b"BODYSTRUCTURE") or value)
            assert len(found) <= structure.MOST_PARTS, "more parts than are read"
            canonical_bytes([[part.number, part.kind, part.size, part.name] for part in found])


def _xml(raw: bytes) -> None:
    try:
        root = xml.parsed(raw)
    except ValueError:  # as their callers do
        return
    for response in root.all("DAV: response"):
        response.said("DAV: href")


def _names(text: str) -> None:
    with suppress(UnicodeEncodeError):
        assert names.read(names.spelled(text)) == text, "a folder's name reads differently"
    names.read(text)
    names.message_id(text)


def _calendar(request: Request, text: str) -> None:
    rows = diary._rows(request, Resource("a/b", "/a/b", text, ""), _START, _END)
    canonical_bytes([row for _, row in rows])
    calendar = events.read(request, text)
    events.attendees_of(request, calendar)
    events.marked(request, calendar)
    events.master(request, calendar)
    events.check_invited(request, calendar)
    changed = Request(
        request.connection,
        "change",
        {"title": "x", "attendees": [*events.attendees_of(request, calendar)]},
        {},
        "k",
        False,
        4096,
        5.0,
    )
    events.read(request, events.changed(changed, text, _START))
