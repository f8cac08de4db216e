"""When a message may go out: quiet hours, and the minute of the daily summary. Pure but for the table of time zones."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.store.telling import Telling
from safety_core.errors import InputError
from safety_core.model.level import Level

LAST_CALL: int = 3600
"""Seconds before its end at which a question is told whatever the hour: silence would answer it."""


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone, or raise InputError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError("time zone", "is not known", 'use a name such as "Europe/Berlin"') from error


def next_moment(telling: Telling, level: Level, now: float, expires: float | None = None) -> float:
    """Return the first moment from `now` on at which a message of this level may go out, seconds since the epoch.

    Args:
        expires: of the question that it is about. Its last hour is never quiet.
    """
    if level >= telling.quiet_level or telling.quiet_from == telling.quiet_to:
        return now
    zone = zone_of(telling.zone)
    local = datetime.fromtimestamp(now, zone)
    minute = local.hour * 60 + local.minute
    begin, end = telling.quiet_from, telling.quiet_to
    quiet = begin <= minute < end if begin < end else minute >= begin or minute < end
    if not quiet:
        return now
    awake = _at(local.date() + timedelta(days=minute >= end), end, zone)
    return max(now, awake if expires is None else min(awake, expires - LAST_CALL))


def last_digest(telling: Telling, now: float) -> tuple[str, float]:
    """Return the day and the moment of the newest daily summary that is due at `now`."""
    zone = zone_of(telling.zone)
    day = datetime.fromtimestamp(now, zone).date()
    moment = _at(day, telling.digest_minute, zone)
    if moment > now:
        day -= timedelta(days=1)
        moment = _at(day, telling.digest_minute, zone)
    return day.isoformat(), moment


def _at(day: date, minute: int, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(minute // 60, minute % 60), zone).timestamp()
