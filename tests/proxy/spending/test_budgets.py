"""Budgets: what was spent counts whatever happened in between, and nobody spends past a limit by more than once."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from proxy.spending.budgets import Budgets
from proxy.spending.sums import BATCH_SECONDS, HELD_SECONDS
from safety_core.edge.usage_store import UsageStore
from safety_core.errors import BudgetError, UnavailableError
from safety_core.flow.dialect import Purpose
from safety_core.model.budget import Budget
from safety_core.model.usage import NANO, Booking, Usage
from tests.proxy.spending.setting import MAIN, OTHER, Place, exchange, prompt, used


async def test_without_limits_nothing_is_held_and_everything_is_booked(place: Place) -> None:
    budgets = await place.begin()
    budgets.afford(place.asked())
    budgets.demand(MAIN)
    await budgets.meter(used("r1"))
    (bucket,) = await place.usage.unsent()
    assert (bucket.requests, bucket.cost, bucket.unpriced) == (1, 10 * 1000 + 10 * 2000, 0)
    assert budgets.to_json() == []
    assert place.log.entries == []


async def test_a_request_passes_until_the_limit_is_used_up(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_day=40))
    for request in ("a", "b"):
        budgets.afford(place.asked(request=request))
        await budgets.meter(used(request))
    with pytest.raises(BudgetError) as caught:
        budgets.afford(place.asked())
    assert str(caught.value) == (
        "agent main: has used 40 of its 40 tokens of today. Fix: the next day begins on 2026-11-27 at 0:00 UTC; "
        "or raise tokens_per_day in its budget of agents.yaml"
    )
    with pytest.raises(BudgetError):
        budgets.demand(MAIN)
    budgets.afford(place.asked(OTHER))
    place.now += 12 * 3600
    budgets.demand(MAIN)
    budgets.afford(place.asked())


async def test_money_is_counted_by_the_prices_of_the_policy(place: Place) -> None:
    budgets = await place.begin(Budget(usd_per_month=60_000))
    await budgets.meter(used("a"))
    budgets.afford(place.asked())
    await budgets.meter(used("b"))
    with pytest.raises(BudgetError, match=r"0\.0001 of its 0\.0001 US dollars of this month.* 2026-12-01 at 0:00 UTC"):
        budgets.afford(place.asked())
    assert budgets.to_json() == [
        {
            "agent": "main",
            "budget": "usd_per_month",
            "spent": 60_000,
            "held": 30_000,
            "limit": 60_000,
            "percent": 100,
        }
    ]


async def test_the_limit_of_all_agents_binds_each_of_them(place: Place) -> None:
    budgets = await place.begin(together=Budget(usd_per_day=4 * NANO))
    await budgets.meter(used("a", 2_000_000, agent="main"))
    budgets.afford(place.asked(OTHER))
    await budgets.meter(used("b", 2_000_000, agent="other"))
    with pytest.raises(BudgetError, match=r"^all agents together: has used 6 of its 4 US dollars of today.*at the top"):
        budgets.afford(place.asked(OTHER))


async def test_what_requests_under_way_may_cost_is_counted_and_let_go_when_they_end(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_day=40))
    first, second, third = place.asked(), place.asked(), place.asked()
    budgets.afford(first)
    budgets.afford(second)
    with pytest.raises(BudgetError, match=r"0 of its 40 tokens of today, and requests that are under way may use 40"):
        budgets.afford(third)
    budgets.demand(MAIN)
    budgets.ended(prompt(), exchange(first.request))
    budgets.afford(third)
    with pytest.raises(BudgetError):
        budgets.afford(place.asked())
    budgets.ended(prompt(), exchange(third.request))
    await budgets.meter(used(second.request, 10))
    budgets.ended(prompt(), exchange(second.request))
    assert budgets.to_json()[0]["held"] == 0  # type: ignore[index,call-overload]


async def test_a_request_that_does_not_say_how_long_its_answer_may_be_holds_a_long_one(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_day=8000))
    budgets.afford(place.asked(most=None))
    with pytest.raises(BudgetError, match="under way may use 8202"):
        budgets.afford(place.asked())


async def test_what_was_cut_off_is_let_go_by_its_task(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_day=20))

    async def cut_off() -> None:
        budgets.began(prompt())
        try:
            budgets.afford(place.asked())
            raise asyncio.CancelledError
        finally:
            budgets.ended(prompt(), None)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(cut_off())
    budgets.afford(place.asked())
    await asyncio.create_task(_end_another(budgets))
    with pytest.raises(BudgetError):
        budgets.afford(place.asked())


async def _end_another(budgets: Budgets) -> None:
    budgets.ended(prompt(), None)


async def test_what_is_held_for_an_hour_was_forgotten(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_day=20))
    budgets.afford(place.asked())
    place.now += HELD_SECONDS - 1
    with pytest.raises(BudgetError):
        budgets.afford(place.asked())
    place.now += 62
    budgets.afford(place.asked())


async def test_two_hundred_at_once_do_not_get_past_a_budget_of_ten(place: Place) -> None:
    """Each costs what it is held for: what was spent goes past the limit by less than one of them."""
    budgets = await place.begin(Budget(tokens_per_day=10), Budget(usd_per_day=NANO))
    passed = []

    async def ask(number: int) -> None:
        request = f"q{number}"
        await asyncio.sleep(number % 7 / 1000)
        try:
            budgets.afford(place.asked(size=4, most=2, request=request))
        except BudgetError:
            return
        passed.append(number)
        await asyncio.sleep(number % 5 / 1000)
        await budgets.meter(used(request, 3))
        budgets.ended(prompt(), exchange(request))

    await asyncio.gather(*map(ask, range(200)))
    spent = sum(bucket.totals.input_total + bucket.totals.output_total for bucket in await place.usage.unsent())
    assert spent == 3 * len(passed)
    assert 10 <= spent < 10 + 3


async def test_what_was_spent_survives_a_restart(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_day=100, tokens_per_month=100))
    place.now -= 86400
    await place.usage.add(_booking("yesterday", 60), place.now)
    place.now += 86400
    await place.usage.add(_booking("today", 50), place.now)
    again = await place.begin(Budget(tokens_per_day=51))
    again.demand(MAIN)
    with pytest.raises(BudgetError, match="110 of its 100 tokens of this month"):
        (await place.begin(Budget(tokens_per_month=100))).demand(MAIN)
    budgets.demand(MAIN)


def _booking(request: str, tokens: int) -> Booking:
    return Booking(request, MAIN, "openai", "m-1", Usage(tokens), 1)


async def test_a_response_that_is_metered_twice_is_spent_once(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_day=25))
    await budgets.meter(used("a"))
    await budgets.meter(used("a"))
    budgets.demand(MAIN)


async def test_what_cannot_be_written_down_has_been_spent_all_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets = await place.begin(Budget(tokens_per_day=20))

    async def full(*_: object) -> bool:
        raise UnavailableError("edge.db", "is full")

    monkeypatch.setattr(UsageStore, "add", full)
    asked = place.asked()
    budgets.afford(asked)
    with pytest.raises(UnavailableError):
        await budgets.meter(used(asked.request))
    with pytest.raises(BudgetError, match=r"has used 20 of its 20 tokens of today\. Fix"):
        budgets.afford(place.asked())


async def test_money_is_not_spent_on_a_model_that_nobody_knows_the_price_of(place: Place) -> None:
    budgets = await place.begin(Budget(usd_per_day=NANO))
    with pytest.raises(BudgetError, match=r"^agent main: may spend only so much money, .*'m-9' of openai has no price"):
        budgets.afford(place.asked(model="m-9"))
    budgets.afford(place.asked(OTHER, model="m-9"))
    budgets = await place.begin(together=Budget(usd_per_day=NANO))
    with pytest.raises(BudgetError, match=r"^all agents together: may spend"):
        budgets.afford(place.asked(OTHER, model="m-9"))
    budgets = await place.begin(Budget(usd_per_day=NANO, allow_unpriced=True))
    budgets.afford(place.asked(model="m-9"))
    budgets = await place.begin(Budget(tokens_per_day=9))
    budgets.afford(place.asked(model="m-9"))
    await budgets.meter(used("x", model="m-9"))
    (bucket,) = await place.usage.unsent()
    assert (bucket.cost, bucket.unpriced) == (0, 1)


async def test_a_batch_of_several_models_is_held_to_cost_what_the_dearest_does(place: Place) -> None:
    budgets = await place.begin(Budget(usd_per_day=NANO))
    with pytest.raises(BudgetError, match="'m-9' of openai has no price"):
        budgets.afford(place.asked(others=("m-1", "m-9")))
    budgets.afford(place.asked(others=("m-1",)))
    assert _held(budgets) == 10 * 1000 + 10 * 2000
    budgets = await place.begin(Budget(usd_per_day=NANO, allow_unpriced=True))
    budgets.afford(place.asked(model="m-9", others=("m-1",)))
    assert _held(budgets) == 10 * 1000 + 10 * 2000


async def test_a_batch_is_held_until_its_results_are_paid_for(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_day=40))
    batch = place.asked()
    budgets.afford(batch)
    budgets.ended(prompt(Purpose.BATCH), exchange(batch.request))
    place.now += HELD_SECONDS + 100
    budgets.afford(late := place.asked())
    with pytest.raises(BudgetError, match="under way may use 40"):
        budgets.afford(place.asked())
    budgets.ended(prompt(), exchange(late.request))
    result = Usage(8, 7, mode="batch")
    await budgets.meter(used("one of it", usage=result))
    assert _held(budgets) == 5
    await budgets.meter(used("two of it", usage=replace(result, input_total=1)))
    assert _held(budgets) == 0
    await budgets.meter(used("three", 20))
    with pytest.raises(BudgetError):
        budgets.afford(place.asked())


def _held(budgets: Budgets) -> int:
    (row,) = budgets.to_json()  # type: ignore[misc]
    return row["held"]  # type: ignore[return-value,index,call-overload]


@pytest.mark.parametrize(("status", "rule"), [(400, ""), (200, "UnavailableError")])
async def test_a_batch_that_was_not_taken_costs_nothing(place: Place, status: int, rule: str) -> None:
    budgets = await place.begin(Budget(tokens_per_day=40))
    batch = place.asked()
    budgets.afford(batch)
    budgets.ended(prompt(Purpose.BATCH), exchange(batch.request, status, rule))
    assert _held(budgets) == 0


@pytest.mark.parametrize(
    ("status", "rule"), [(200, "ClientGoneError"), (502, "ClientGoneError"), (502, "UnansweredError")]
)
async def test_a_batch_whose_client_left_or_that_was_not_answered_may_have_been_taken(
    place: Place, status: int, rule: str
) -> None:
    budgets = await place.begin(Budget(tokens_per_day=40))
    batch = place.asked()
    budgets.afford(batch)
    budgets.ended(prompt(Purpose.BATCH), exchange(batch.request, status, rule))
    assert _held(budgets) == 20
    budgets.afford(turn := place.asked())
    budgets.ended(prompt(), exchange(turn.request, status, rule))
    assert _held(budgets) == 20, "a turn has been booked"


async def test_a_batch_that_never_ends_is_forgotten_after_a_day(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_month=400))
    for _ in range(2):
        batch = place.asked()
        budgets.afford(batch)
        budgets.ended(prompt(Purpose.BATCH), exchange(batch.request))
    assert _held(budgets) == 40
    await budgets.meter(used("half of it", usage=Usage(15, 10, mode="batch")))
    assert _held(budgets) == 15
    place.now += BATCH_SECONDS + 62
    assert _held(budgets) == 0


async def test_people_are_told_once_when_a_limit_is_near_and_once_when_it_is_used_up(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    budgets = await place.begin(Budget(tokens_per_day=100, alert_at=50), Budget(usd_per_day=10**9))
    for number in range(8):
        await budgets.meter(used(f"a{number}"))
    told = [(entry.agent, entry.subject, entry.outcome, entry.counts) for entry in place.log.entries]
    assert told == [
        ("main", "tokens_per_day", "near", {"spent": 60, "limit": 100, "percent": 60}),
        ("main", "tokens_per_day", "used_up", {"spent": 100, "limit": 100, "percent": 100}),
    ]
    assert [entry.event.value for entry in place.log.entries] == ["budget", "budget"]
    assert "budget tokens_per_day of agent main: near, 60%" in caplog.text
    again = await place.begin(Budget(tokens_per_day=100, alert_at=50))
    await again.meter(used("b1"))
    assert len(place.log.entries) == 2, "a new start tells nothing anew"
    place.now += 86400
    for number in range(5):
        await again.meter(used(f"c{number}"))
    assert len(place.log.entries) == 4, "a new day does"


async def test_all_agents_are_told_of_together(place: Place) -> None:
    budgets = await place.begin(together=Budget(usd_per_month=30_000))
    await budgets.meter(used("a"))
    assert [(entry.agent, entry.subject, entry.outcome) for entry in place.log.entries] == [
        ("", "usd_per_month", "used_up")
    ]


async def test_a_log_that_cannot_be_written_keeps_no_answer_back(place: Place) -> None:
    place.log.broken = True
    budgets = await place.begin(Budget(tokens_per_day=1))
    await budgets.meter(used("a"))


async def test_a_clock_that_is_set_back_gives_nothing_back(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_day=20))
    await budgets.meter(used("a"))
    place.now -= 3 * 86400
    with pytest.raises(BudgetError):
        budgets.demand(MAIN)


async def test_a_refusal_holds_no_name_that_could_break_a_line(place: Place) -> None:
    budgets = await place.begin(Budget(usd_per_day=1))
    with pytest.raises(BudgetError) as caught:
        budgets.afford(place.asked(model="m\n" * 200))
    assert re.fullmatch(r"[ -~]{1,400}", str(caught.value))


async def test_what_would_be_answered_unseen_passes_only_where_nothing_is_limited(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_day=10**9))
    with pytest.raises(BudgetError, match=r"^agent main: has a budget, .* background .*leave `background` out"):
        budgets.afford(place.asked(later=True))
    budgets.afford(place.asked(OTHER, later=True))
    budgets = await place.begin(together=Budget(usd_per_month=NANO))
    with pytest.raises(BudgetError, match=r"^all agents together: has a budget"):
        budgets.afford(place.asked(OTHER, later=True))
