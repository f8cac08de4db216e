"""Which events a span of time holds: repetitions are counted out within it, and no further."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import FrameType
from typing import Any, Final

from dateutil.rrule import rrulestr

MOST_REPEATS: Final = 20_000
"""Of one event, from its first day on: daily for fifty years."""

RULE_SECONDS: Final = 0.5
"""Of the processor for one event's repetitions: a rule that fits no day is searched until the year 9999."""


class TooOftenError(Exception):
    """An event repeats too often, or by a rule that is not counted out."""


def times_in(
    events: list[Any], start: datetime, end: datetime, zone: tzinfo
) -> list[tuple[date | datetime, date | datetime | None, Any]]:
    """Return when an event takes place between two moments: start, end, and the event as it is at that time.

    Args:
        events: of one resource: the event, and repetitions of it that are otherwise.
        zone: of days, and of times that name none.

    Raises:
        TooOftenError: it cannot be counted out.
    """
    others = {_moment(event["RECURRENCE-ID"].dt, zone): event for event in events if "RECURRENCE-ID" in event}
    found = [_once(event) for event in others.values() if "DTSTART" in event]
    for event in events:
        if "DTSTART" in event and "RECURRENCE-ID" not in event:
            found += [one for one in _all(event, end, zone) if _moment(one[0], zone) not in others]
    return [one for one in found if _moment(one[0], zone) < end and _after(one, start, zone)]


def _once(event: Any) -> tuple[date | datetime, date | datetime | None, Any]:
    start = event["DTSTART"].dt
    return start, start + _length(event), event


def _all(event: Any, end: datetime, zone: tzinfo) -> Iterator[tuple[date | datetime, date | datetime | None, Any]]:
    if "RRULE" not in event and "RDATE" not in event:
        yield _once(event)
        return
    first, length = event["DTSTART"].dt, _length(event)
    without = {_moment(day, zone) for day in _days(event.get("EXDATE"))}
    extra = [day for day in _days(event.get("RDATE")) if isinstance(day, date)]
    for start in [*_repeated(event, first, end, zone), *extra]:
        if _moment(start, zone) not in without:
            without.add(_moment(start, zone))
            yield start, start + length, event


def _repeated(event: Any, first: date | datetime, end: datetime, zone: tzinfo) -> list[date | datetime]:
    """Return the repetitions up to `end`, counted in the local time of the first: ten o'clock stays ten o'clock."""
    rules = event.get("RRULE")
    if rules is None:
        return [first]
    own = (first.tzinfo or zone) if isinstance(first, datetime) else None
    local = first.replace(tzinfo=None) if isinstance(first, datetime) else datetime.combine(first, time())
    last = end.astimezone(own or zone).replace(tzinfo=None)
    found: list[date | datetime] = []
    try:
        with _processor(RULE_SECONDS):
            for rule in rules if isinstance(rules, list) else [rules]:
                for count, at in enumerate(rrulestr(_spelled(rule, own, zone), dtstart=local)):
                    if at >= last:
                        break
                    if count >= MOST_REPEATS:
                        raise TooOftenError
                    found.append(at.replace(tzinfo=own) if own else at.date())
    except (ValueError, KeyError, TypeError, OverflowError):
        raise TooOftenError from None
    return found


def _spelled(rule: Any, own: tzinfo | None, zone: tzinfo) -> str:
    """Return a rule without time zones: where it ends is said in the time in which it is counted."""
    if not {str(one).upper() for one in rule.get("FREQ", [])} <= {"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}:
        raise TooOftenError
    parts = [part for part in rule.to_ical().decode("ascii").split(";") if not part.upper().startswith("UNTIL=")]
    for until in rule.get("UNTIL", []):
        if isinstance(until, datetime):
            local = until.astimezone(own or zone) if until.tzinfo else until
            parts.append(f"UNTIL={local:%Y%m%dT%H%M%S}")
        else:
            parts.append(f"UNTIL={until:%Y%m%d}T235959")
    return ";".join(parts)


@contextmanager
def _processor(seconds: float) -> Iterator[None]:
    """Raise TooOftenError in a block that takes more of the processor than this."""

    def over(_: int, __: FrameType | None) -> None:
        raise TooOftenError

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _days(listed: Any) -> list[Any]:
    values = listed if isinstance(listed, list) else [] if listed is None else [listed]
    return [day.dt for value in values for day in value.dts]


def _length(event: Any) -> timedelta:
    start = event["DTSTART"].dt
    if "DTEND" in event:
        return max(_naive(event["DTEND"].dt) - _naive(start), timedelta(0))
    if "DURATION" in event and isinstance(event["DURATION"].dt, timedelta):
        return max(event["DURATION"].dt, timedelta(0))
    return timedelta(0) if isinstance(start, datetime) else timedelta(days=1)


def _naive(at: date | datetime) -> datetime:
    if not isinstance(at, datetime):
        return datetime.combine(at, time())
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def _moment(at: date | datetime, zone: tzinfo) -> datetime:
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _after(one: tuple[date | datetime, date | datetime | None, Any], start: datetime, zone: tzinfo) -> bool:
    end = one[1] if one[1] is not None else one[0]
    return _moment(end, zone) > start or _moment(one[0], zone) >= start
