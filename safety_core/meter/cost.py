"""Usage and a price -> what it cost, in nano-US-dollars. Exact: whole numbers, rounded once, half to even.

Nothing is counted twice: cached tokens are a part of the input and reasoning is a part of the output, so each token
has the one price of the narrowest part that has any. What the provider's own tools put into the prompt is input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from operator import attrgetter
from typing import Final

from safety_core.model.prices import RATES, Case, ModelPrice, Prices, Rates
from safety_core.model.usage import Usage

MILLION: Final = 10**6
_PER_NANO: Final = MILLION * 10**9
"""A price is of a million tokens, in 1e-18 dollars; a cost is in 1e-9 dollars."""

DAY: Final = 86400

NO_PRICE: Final = Rates()
_all: Final = attrgetter(*RATES)

_COMPACT_DATE: Final = re.compile(r"-(20[0-9]{2})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])(?=-|:|$)")
"""Gateways write gpt-5-20250807 for what its maker calls gpt-5-2025-08-07."""


def find_price(prices: Prices, provider: str, model: str) -> ModelPrice | None:
    """Return the entry of a model in the table of `provider`, or None where there is none.

    One that another table lends has no modes: what its maker takes for a batch is not what a reseller does.
    """
    name = model.lower()
    dashed = _COMPACT_DATE.sub(r"-\1-\2-\3", name)
    return next((entry for text in dict.fromkeys((name, dashed)) for entry in _matching(prices, provider, text)), None)


def _matching(prices: Prices, provider: str, model: str) -> Iterator[ModelPrice]:
    table = prices.tables.get(provider)
    for name in (provider, *table.also) if table else ():
        for entry in prices.tables[name].models:
            if _any(entry.match, model) and not _any(entry.but, model):
                yield entry if name == provider else replace(entry, cases=tuple(c for c in entry.cases if not c.mode))


def _any(patterns: tuple[str, ...], model: str) -> bool:
    return any(matches(pattern, model) for pattern in patterns)


def matches(pattern: str, model: str) -> bool:
    """Tell whether a pattern means this name. A star at either end stands for any text, # for one digit."""
    text = pattern.strip("*")
    first, last = pattern.startswith("*"), pattern.endswith("*")
    if "#" not in text:
        if first:
            return text in model if last else model.endswith(text)
        return model.startswith(text) if last else model == text
    spare = len(model) - len(text)
    starts = range(spare + 1) if first and last else (spare if first else 0,)
    return (spare == 0 or first or last) and spare >= 0 and any(_here(text, model, start) for start in starts)


def _here(text: str, model: str, start: int) -> bool:
    part = model[start : start + len(text)]
    return all(
        found in "0123456789" if wanted == "#" else found == wanted for wanted, found in zip(text, part, strict=True)
    )


def cost_of(usage: Usage, price: ModelPrice | None, now: float) -> int | None:
    """Return what `usage` cost, in nano-US-dollars; None where there is no price.

    Args:
        now: seconds since the epoch, for prices that change with the hour.
    """
    if price is None or price.rates == NO_PRICE:
        return None
    whole = usage.input_total + usage.tool_prompt
    rates = _rates(price, usage.mode, whole, now)
    return _half_even(MILLION * (rates.request or 0) + _taken_in(rates, usage, whole) + _put_out(rates, usage))


def _taken_in(rates: Rates, usage: Usage, whole: int) -> int:
    given = rates.input or 0
    sound = _or(rates.input_audio, given)
    read = min(usage.cache_read, whole)
    written = min(usage.cache_write, whole - read)
    longer = min(usage.cache_write_1h, written)
    heard = min(usage.audio_read, usage.audio_input, read)
    fresh = min(usage.audio_input - heard, whole - read - written)
    wrote = _or(rates.cache_write, given)
    return (
        (whole - read - written - fresh) * given
        + fresh * sound
        + (read - heard) * _or(rates.cache_read, given)
        + heard * _or(rates.cache_read_audio, _or(rates.cache_read, sound))
        + (written - longer) * wrote
        + longer * _or(rates.cache_write_1h, wrote)
    )


def _put_out(rates: Rates, usage: Usage) -> int:
    made = rates.output or 0
    thought = min(usage.reasoning, usage.output_total)
    said = min(usage.audio_output, usage.output_total - thought)
    return (
        (usage.output_total - thought - said) * made
        + thought * _or(rates.reasoning, made)
        + said * _or(rates.output_audio, made)
    )


def _or(rate: int | None, other: int) -> int:
    return other if rate is None else rate


def _rates(price: ModelPrice, mode: str, size: int, now: float) -> Rates:
    found = price.rates
    for case in price.cases:
        if _holds(case, mode, size, now):
            found = Rates(
                *(new if new is not None else old for new, old in zip(_all(case.rates), _all(found), strict=True))
            )
    return found


def _holds(case: Case, mode: str, size: int, now: float) -> bool:
    if (case.mode and case.mode != mode) or size <= case.above:
        return False
    if case.hours is None:
        return True
    begin, end = case.hours
    time = now % DAY
    return begin <= time < end if begin <= end else time >= begin or time < end


def _half_even(total: int) -> int:
    whole, rest = divmod(total, _PER_NANO)
    return whole + (2 * rest > _PER_NANO or (2 * rest == _PER_NANO and whole % 2 == 1))
