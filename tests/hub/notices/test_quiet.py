"""When a message may go out, in every time zone and over the change of clocks."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from hub.notices import preferences
from hub.notices.quiet import last_digest, next_moment
from hub.store.telling import Telling
from safety_core.errors import InputError
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub
from tests.simulators.visitors import person_with

NIGHT = Telling(zone="Europe/Berlin", quiet_from=22 * 60, quiet_to=7 * 60)


def at(text: str, zone: str = "Europe/Berlin") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("telling", "now", "then"),
    [
        (NIGHT, "2027-01-15T21:59", "2027-01-15T21:59"),
        (NIGHT, "2027-01-15T22:00", "2027-01-16T07:00"),
        (NIGHT, "2027-01-16T03:00", "2027-01-16T07:00"),
        (NIGHT, "2027-01-16T06:59", "2027-01-16T07:00"),
        (NIGHT, "2027-01-16T07:00", "2027-01-16T07:00"),
        (NIGHT, "2027-03-28T01:30", "2027-03-28T07:00"),
        (NIGHT, "2027-12-31T23:30", "2028-01-01T07:00"),
        (Telling("Europe/Berlin", 12 * 60, 13 * 60), "2027-01-15T12:30", "2027-01-15T13:00"),
        (Telling("Europe/Berlin", 12 * 60, 13 * 60), "2027-01-15T13:30", "2027-01-15T13:30"),
        (Telling("Europe/Berlin", 60, 60), "2027-01-15T01:00", "2027-01-15T01:00"),
    ],
)
def test_a_message_waits_for_the_end_of_quiet_hours(telling: Telling, now: str, then: str) -> None:
    assert next_moment(telling, Level.RED, at(now)) == at(then)


def test_the_gravest_and_the_last_hour_are_never_quiet() -> None:
    now = at("2027-01-15T23:00")
    assert next_moment(NIGHT, Level.CRITICAL_RED, now) == now
    assert next_moment(NIGHT, Level.RED, now, expires=now + 1800) == now
    assert next_moment(NIGHT, Level.RED, now, expires=now + 3 * 3600) == now + 2 * 3600


def test_the_daily_summary_is_of_the_day_where_the_people_are() -> None:
    telling = Telling("Pacific/Auckland", digest_minute=8 * 60)
    day, moment = last_digest(telling, at("2027-01-15T07:59", "Pacific/Auckland"))
    assert (day, moment) == ("2027-01-14", at("2027-01-14T08:00", "Pacific/Auckland"))
    assert last_digest(telling, at("2027-01-15T08:00", "Pacific/Auckland"))[0] == "2027-01-15"


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Mars/Olympus"},
        {"zone": "../../etc/passwd"},
        {"zone": ""},
        {"quiet_from": -1},
        {"quiet_to": 1440},
        {"digest_minute": -2},
        {"escalate_seconds": 59},
        {"escalate_seconds": 86_401},
        {"hourly": 0},
    ],
)
async def test_wrong_settings_are_refused(small_hub: RunningHub, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        await preferences.change(small_hub.context, TenantId("acme"), Telling(**wrong))  # type: ignore[arg-type]


async def test_settings_are_kept(house: RunningHub) -> None:
    olga = await person_with(house, "Olga", ("owner", "acme"))
    chosen = Telling("Europe/Berlin", 60, 120, Level.RED, 600, 480, 5)
    for telling in (NIGHT, chosen):
        await preferences.change(house.context, TenantId("acme"), telling)
    assert await preferences.find(house.context, TenantId("acme")) == chosen
    await preferences.set_step(house.context, TenantId("acme"), olga.id, 2)
    assert await preferences.steps(house.context, TenantId("acme")) == {olga.id: 2}
    await preferences.set_step(house.context, TenantId("acme"), olga.id, 0)
    assert await preferences.steps(house.context, TenantId("acme")) == {olga.id: 0}
    with pytest.raises(InputError):
        await preferences.set_step(house.context, TenantId("acme"), olga.id, 5)
