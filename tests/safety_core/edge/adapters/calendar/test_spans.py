"""Repetitions, where no server is asked: some would stop on these themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from icalendar import Calendar

from safety_core.edge.adapters.calendar.diary import _rows
from safety_core.edge.adapters.calendar.events import read
from safety_core.edge.adapters.calendar.resources import Resource
from safety_core.edge.adapters.calendar.spans import TooOftenError, times_in
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError
from safety_core.model.connection import Connection
from tests.safety_core.edge.adapters.calendar.test_calendar import event

SPAN = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC), UTC)


def held(*lines: str) -> list[Any]:
    return Calendar.from_ical(event("a", *lines)).walk("VEVENT")


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=2",
        "FREQ=HOURLY",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    ],
)
def test_a_rule_that_cannot_be_counted_out_is_given_up(rule: str) -> None:
    with pytest.raises(TooOftenError):
        times_in(held("DTSTART:20000101T070000Z", f"RRULE:{rule}"), *SPAN)


@pytest.mark.parametrize(
    ("lines", "starts"),
    [
        (("DTSTART:20260228T230000Z", "DTEND:20260301T010000Z"), ["2026-02-28T23:00"]),
        (("DTSTART:20260228T230000Z", "DTEND:20260301T000000Z"), []),
        (("DTSTART;VALUE=DATE:20260331",), []),
        (("DTSTART;VALUE=DATE:20260301",), ["2026-03-01"]),
        (
            ("DTSTART:20260305T100000", "RDATE:20260306T100000", "DURATION:PT1H"),
            ["2026-03-05T10:00", "2026-03-06T10:00"],
        ),
        (("DTSTART:20260305T100000Z", "DTEND:20260304T100000Z"), ["2026-03-05T10:00"]),
        (
            ("DTSTART;TZID=Europe/Berlin:20260328T100000", "RRULE:FREQ=DAILY;UNTIL=20260329T080000Z"),
            ["2026-03-28T10:00", "2026-03-29T10:00"],
        ),
    ],
)
def test_what_lies_in_the_span(lines: tuple[str, ...], starts: list[str]) -> None:
    assert [start.isoformat()[:16] for start, _, _ in times_in(held(*lines), *SPAN)] == starts


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:20260305T100000Z", "DTEND:20260305T1"),
        ("DTSTART:2026", "RRULE:FREQ=DAILY"),
        (f"DTSTART;TZID=Europe/{'B' * 300}:20260305T100000",),
        ("DTSTART:00010101T000000Z", "DURATION:-P9999999D", "RRULE:FREQ=DAILY"),
    ],
)
def test_an_event_that_cannot_be_read_says_so_and_hides_no_other(lines: tuple[str, ...]) -> None:
    request = Request(Connection("shop", "calendar", "https://dav.shop.example"), "list", {}, {}, "k", False, 4096, 5.0)
    for _, row in _rows(request, Resource("a/b", "/a/b", event("a", *lines), ""), *SPAN[:2]):
        assert row.get("note", "").startswith(("cannot be read", "repeats"))


def test_a_component_that_only_calls_itself_a_calendar_is_refused() -> None:
    request = Request(Connection("shop", "calendar", "https://dav.shop.example"), "list", {}, {}, "k", False, 4096, 5.0)
    with pytest.raises(ExecutionError, match="cannot be read"):
        read(request, event("a", "DTSTART:20260305T100000Z").replace("BEGIN:VCALENDAR", "BEGIN:VCAL\ufffdENDAR"))
