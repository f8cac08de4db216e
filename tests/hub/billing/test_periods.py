"""Every moment lies in exactly one billing period."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.billing.meters import meters_from, units
from hub.billing.periods import before, named, period_at
from hub.store.billing import Meter
from safety_core.errors import InputError


@given(at=some.integers(0, 2**32), anchor=some.integers(1, 28))
def test_periods_touch_and_do_not_overlap(at: int, anchor: int) -> None:
    period = period_at(at, anchor)
    assert period.start <= at < period.end
    assert period_at(period.end, anchor).start == period.end
    assert before(period, anchor).end == period.start
    assert named(period.name, anchor) == period
    assert 28 * 86400 <= period.end - period.start <= 31 * 86400


def test_a_period_is_named_after_its_first_day() -> None:
    assert period_at(1_800_000_000, 20).name == "2026-12-20"
    assert period_at(1_800_000_000, 1).name == "2027-01-01"
    with pytest.raises(InputError, match="begins on 2026-12-20 here, not on 2027-01-01"):
        named("2027-01-01", 20)
    for wrong in ("January", "9999-12-31", "9999-12-01", "0001-01-01", "0000-01-01", ""):
        with pytest.raises(InputError, match=r"such as|begins on"):
            named(wrong, 2)
    with pytest.raises(InputError, match="1 to 28"):
        period_at(0, 31)


@given(parts=some.lists(some.integers(0, 10**12), max_size=8))
def test_what_is_metered_of_growing_totals_adds_up(parts: list[int]) -> None:
    total, metered, exported = 0, 0, 0
    for part in parts:
        total += part
        now = units(Meter.COST, {"cost": total})
        exported += now - metered
        metered = now
    assert exported == total // 1000


def test_tokens_that_a_providers_tools_put_in_are_input() -> None:
    totals = {"input_total": 5, "tool_prompt": 2, "output_total": 3, "requests": 1}
    assert [units(meter, {"cost": 0, **totals}) for meter in Meter] == [0, 1, 7, 3]


def test_meters_are_read_from_one_line() -> None:
    assert meters_from("cost=a requests=b") == {Meter.COST: "a", Meter.REQUESTS: "b"}
    for wrong in ("cost", "tokens=x", "=x"):
        with pytest.raises(InputError, match="METER=EVENT_NAME"):
            meters_from(wrong)
