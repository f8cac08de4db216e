"""What usage costs: every token once, at the price of the narrowest part that has one, rounded once."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.meter.cost import cost_of, find_price, matches
from safety_core.model.prices import DECIMALS, FREE, Case, ModelPrice, Prices, PriceTable, Rates
from safety_core.model.usage import NANO, Usage

DOLLAR = 10**DECIMALS
MILLION = 10**6


def price(rates: Rates, *cases: Case) -> ModelPrice:
    return ModelPrice(("m",), rates, cases=cases)


def dollars(**rates: float) -> Rates:
    return Rates(**{name: int(Decimal(str(rate)) * DOLLAR) for name, rate in rates.items()})


def test_input_and_output_have_their_prices() -> None:
    assert cost_of(Usage(MILLION, 2 * MILLION), price(dollars(input=3, output=15)), 0) == 33 * NANO


def test_cached_tokens_are_a_part_of_the_input_and_not_counted_twice() -> None:
    usage = Usage(1000, 10, cache_read=600, cache_write=300, cache_write_1h=100)
    rates = dollars(input=3, output=15, cache_read=0.3, cache_write=3.75, cache_write_1h=6)
    assert cost_of(usage, price(rates), 0) == 100 * 3000 + 600 * 300 + 200 * 3750 + 100 * 6000 + 10 * 15000


def test_a_part_without_a_price_costs_what_it_is_a_part_of() -> None:
    usage = Usage(1000, 100, cache_read=600, cache_write=300, cache_write_1h=100, reasoning=40)
    assert cost_of(usage, price(dollars(input=3, output=15)), 0) == 1000 * 3000 + 100 * 15000
    assert cost_of(usage, price(dollars(input=3, cache_write=4)), 0) == 700 * 3000 + 300 * 4000
    assert cost_of(usage, price(dollars(input=3, cache_write_1h=6)), 0) == 900 * 3000 + 100 * 6000
    assert cost_of(usage, price(dollars(output=8, reasoning=3)), 0) == 60 * 8000 + 40 * 3000


def test_sound_has_its_own_prices_or_costs_what_text_does() -> None:
    usage = Usage(1000, 100, cache_read=300, audio_input=400, audio_output=60, audio_read=100, reasoning=10)
    rates = dollars(input=4, output=16, input_audio=32, output_audio=64, cache_read=0.4, cache_read_audio=0.5)
    heard = 400 * 4000 + 300 * 32_000 + 200 * 400 + 100 * 500
    assert cost_of(usage, price(rates), 0) == heard + 40 * 16_000 + 60 * 64_000
    plain = dollars(input=4, output=16, cache_read=0.4)
    assert cost_of(usage, price(plain), 0) == 700 * 4000 + 300 * 400 + 100 * 16_000
    some = dollars(input=4, input_audio=32)
    assert cost_of(usage, price(some), 0) == 400 * 4000 + 300 * 32_000 + 200 * 4000 + 100 * 32_000
    odd = Usage(10, 5, cache_read=4, audio_input=90, audio_output=90, audio_read=90, reasoning=2)
    assert cost_of(odd, price(rates), 0) == 6 * 32_000 + 4 * 500 + 2 * 16_000 + 3 * 64_000


def test_what_the_providers_tools_put_into_the_prompt_is_input() -> None:
    assert cost_of(Usage(100, tool_prompt=50), price(dollars(input=2)), 0) == 150 * 2000


def test_a_request_may_cost_something_by_itself() -> None:
    assert cost_of(Usage(), price(dollars(input=1, request=0.012)), 0) == 12_000_000


def test_a_longer_prompt_may_be_dearer_as_a_whole() -> None:
    tiered = price(dollars(input=3, output=15), Case(dollars(input=6, output=22.5), above=200_000))
    assert cost_of(Usage(200_000, 10), tiered, 0) == 200_000 * 3000 + 10 * 15000
    assert cost_of(Usage(200_001, 10), tiered, 0) == 200_001 * 6000 + 10 * 22500
    assert cost_of(Usage(200_000, 10, tool_prompt=1), tiered, 0) == 200_001 * 6000 + 10 * 22500


def test_a_mode_has_its_own_prices_and_what_it_does_not_name_stays() -> None:
    modes = price(
        dollars(input=4, output=20, cache_read=1),
        Case(dollars(input=8), above=100),
        Case(dollars(input=2, output=10), mode="batch"),
        Case(dollars(input=3), mode="batch", above=100),
    )
    assert cost_of(Usage(100, 1, cache_read=50, mode="batch"), modes, 0) == 50 * 2000 + 50 * 1000 + 10_000
    assert cost_of(Usage(101, mode="batch"), modes, 0) == 101 * 3000
    assert cost_of(Usage(101, mode="flex"), modes, 0) == 101 * 8000


@pytest.mark.parametrize(
    ("time", "rate"),
    [
        ("00:59:59", 1),
        ("01:00:00", 2),
        ("03:59:59", 2),
        ("04:00:00", 1),
        ("23:00:00", 3),
        ("00:29:59", 3),
        ("00:30", 1),
    ],
)
def test_an_hour_of_the_day_may_have_its_own_prices(time: str, rate: int) -> None:
    hours = price(
        dollars(input=1),
        Case(dollars(input=2), hours=(3600, 4 * 3600)),
        Case(dollars(input=3), hours=(23 * 3600, 1800)),
    )
    hour, minute, *second = map(int, time.split(":"))
    now = 19_000 * 86400 + hour * 3600 + minute * 60 + sum(second)
    assert cost_of(Usage(10), hours, now) == 10 * rate * 1000


def test_counts_that_contradict_each_other_never_cost_less_than_nothing() -> None:
    rates = price(dollars(input=3, output=15, cache_read=0.3, cache_write=3.75, cache_write_1h=6, reasoning=1))
    assert (
        cost_of(Usage(10, 5, cache_read=20, cache_write=20, cache_write_1h=90, reasoning=9), rates, 0)
        == 10 * 300 + 5000
    )
    assert cost_of(Usage(10, cache_read=4, cache_write=20, cache_write_1h=90), rates, 0) == 4 * 300 + 6 * 6000


def test_half_a_nano_dollar_goes_to_the_even_one() -> None:
    half = price(Rates(input=DOLLAR // 2000))
    assert [cost_of(Usage(count), half, 0) for count in (1, 2, 3, 4, 5)] == [0, 1, 2, 2, 2]
    more = price(Rates(input=DOLLAR // 2000 + 1))
    assert cost_of(Usage(1), more, 0) == 1
    assert cost_of(Usage(1), price(Rates(input=DOLLAR // 2000 - 1)), 0) == 0


def test_what_has_no_price_costs_nobody_knows_what() -> None:
    assert cost_of(Usage(10), None, 0) is None
    assert cost_of(Usage(10), price(Rates()), 0) is None
    assert cost_of(Usage(10), FREE, 0) == 0


@given(st.integers(0, 10**7), st.integers(0, 10**20))
def test_costs_are_exact(count: int, rate: int) -> None:
    exact = Decimal(count) * Decimal(rate) / Decimal(10**15)
    assert cost_of(Usage(count), price(Rates(input=rate)), 0) == exact.quantize(Decimal(1), ROUND_HALF_EVEN)


@pytest.mark.parametrize(
    ("pattern", "model", "expected"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4o*", "gpt-4o-mini", True),
        ("gpt-4o*", "a-gpt-4o", False),
        ("*claude-v2*", "anthropic.claude-v2:1", True),
        ("*claude-v2*", "claude-v1", False),
        ("*:free", "a/b:free", True),
        ("*:free", "a/b:free2", False),
        ("opus-5-########", "opus-5-20261001", True),
        ("opus-5-########", "opus-5-2026100", False),
        ("opus-5-########", "opus-5-202610012", False),
        ("opus-5-########", "opus-5-2026100x", False),
        ("opus-5-########", "opus-5-2026100\u0661", False),
        ("g-#*", "g-1-preview", True),
        ("g-#*", "g-x", False),
        ("*-####", "x-2026", True),
        ("*-####", "x-20261", False),
        ("*-##*", "a-b-12-c", True),
        ("*-##*", "a-b-1-c", False),
        ("*-##*", "a", False),
    ],
)
def test_a_pattern_means_a_name(pattern: str, model: str, expected: bool) -> None:
    assert matches(pattern, model) is expected


def test_the_first_entry_that_matches_counts() -> None:
    one, two, three, four = (
        ModelPrice(("a*",), Rates(1), ("*-x",)),
        ModelPrice(("a-x", "b"), Rates(2)),
        ModelPrice(("c",), Rates(3), cases=(Case(Rates(1), mode="batch"), Case(Rates(5), above=9))),
        ModelPrice(("d-2026-01-31",), Rates(4)),
    )
    prices = Prices(tables={"p": PriceTable((one, two), ("q",)), "q": PriceTable((three, four))})
    assert find_price(prices, "p", "A-1") == one
    assert find_price(prices, "p", "a-x") == two
    assert find_price(prices, "q", "c") == three
    assert find_price(prices, "p", "c") == replace(three, cases=three.cases[1:])
    assert find_price(prices, "p", "d-20260131") == four
    assert find_price(prices, "p", "d-20261331") is None
    assert find_price(prices, "q", "a-1") is None
    assert find_price(prices, "r", "a-1") is None
