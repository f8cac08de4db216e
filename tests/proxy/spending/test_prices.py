"""What an answer costs: by whose prices, and of which model."""

from __future__ import annotations

from dataclasses import replace

from proxy.settings import Provider
from proxy.spending.prices import REMEMBERED, PriceList
from safety_core.model.budget import Budget
from safety_core.model.prices import ModelPrice, Prices, PriceTable, Rates
from safety_core.model.usage import Usage
from tests.proxy.spending.setting import CHEAP, DOLLAR, NOON, Place, used


async def test_prices_go_by_the_providers_name_then_its_api_and_ones_own_machines_are_free(place: Place) -> None:
    await place.begin()
    assert place.policy
    own = PriceTable((ModelPrice(("m-1",), Rates(input=7 * DOLLAR)),))
    policy_ = place.policy
    providers = {
        "work": Provider("work", "openai", "https://models.example", None),
        "inner": Provider("inner", "openai", "http://127.0.0.1:1", None, private=True),
        "priced": Provider("priced", "openai", "http://127.0.0.1:1", None, private=True),
    }
    prices = PriceList(lambda: policy_, providers)
    usage = Usage(1)
    assert prices.cost("work", "m-1", usage, NOON) == 1000
    assert prices.cost("inner", "whatever", usage, NOON) == 0
    assert prices.cost("nobody", "m-1", usage, NOON) is None
    assert prices.cost("openai", "M-1", usage, NOON) == 1000
    policy_ = replace(policy_, revision="r2", prices=Prices("", {**CHEAP.tables, "priced": own, "work": own}))
    assert prices.cost("priced", "m-1", usage, NOON) == 7000
    assert prices.cost("work", "m-1", usage, NOON) == 7000
    for number in range(REMEMBERED + 10):
        assert prices.cost("work", f"x{number}", usage, NOON) is None
    assert len(prices._known) <= REMEMBERED


async def test_a_name_of_ones_own_is_booked_at_the_price_of_the_model_that_answered(place: Place) -> None:
    budgets = await place.begin()
    await budgets.meter(used("a", model="our-deployment", usage=Usage(10, answered="m-1")))
    await budgets.meter(used("b", model="our-deployment", usage=Usage(10, answered="m-7")))
    (bucket,) = await place.usage.unsent()
    assert (bucket.cost, bucket.unpriced) == (10_000, 1)


async def test_where_others_may_answer_it_is_booked_by_who_did_or_else_at_the_dearest(place: Place) -> None:
    budgets = await place.begin()
    table = PriceTable((ModelPrice(("m-1",), Rates(input=DOLLAR)), ModelPrice(("m-2",), Rates(input=9 * DOLLAR))))
    assert place.policy
    place.policy = replace(place.policy, revision="r2", prices=Prices("", {"openai": table}))
    for answered, others in (("m-2", ()), ("m-2", ("m-2",)), ("m-1", ("m-2",)), ("", ("m-2", "x")), ("x", ("m-2",))):
        place.count += 1
        await budgets.meter(used(f"a{place.count}", usage=Usage(10, answered=answered), others=others))
    (bucket,) = await place.usage.unsent()
    assert (bucket.cost, bucket.unpriced) == ((1 + 9 + 1 + 9 + 9) * 10_000, 0)


async def test_where_no_policy_is_in_force_nothing_has_a_price_or_a_limit(place: Place) -> None:
    budgets = await place.begin(Budget(tokens_per_day=1))
    place.policy = None
    budgets.afford(place.asked())
    await budgets.meter(used("a"))
    assert budgets.to_json() == []
    assert (await place.usage.unsent())[0].unpriced == 1
