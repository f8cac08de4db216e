"""What prices.yaml says -> `Prices`.

    source: genai-prices 0.2.3, 2026-11-24
    providers:
      anthropic:
        models:
          - match: [claude-opus-5-5, "claude-opus-5-5-########", claude-opus-5.5*]
            input: "4"
            output: "20"
            cache_read: "0.2"
            when:
              - {mode: batch, input: "2", output: "10", cache_read: "0.1"}

Prices are decimal texts: US dollars for a million tokens, or for one request. A price in a float would be another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from safety_core.errors import InputError, PolicyError
from safety_core.model.prices import DECIMALS, MODES, RATES, Case, ModelPrice, Prices, PriceTable, Rates
from safety_core.wire.reader import Reader

MOST_MODELS: Final = 5000
"""Entries of one provider; the longest list of any has under a thousand."""

MOST_ALSO: Final = 20
"""Other tables that one table leads to."""

_PRICE: Final = re.compile(rf"(0|[1-9][0-9]{{0,5}})(?:\.([0-9]{{1,{DECIMALS}}}))?")
_PATTERN: Final = re.compile(r"(?:\*[^*A-Z\s]+\*?|[^*A-Z\s]+\*?)")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def parse_prices(reader: Reader) -> Prices:
    """Return the prices.

    Raises:
        PolicyError, InputError: naming the field ("data.prices.providers.openai.models[3].input"), reason and fix.
    """
    source = reader.text("source", "", limit=200)
    tables = reader.object("providers") if reader.has("providers") else Reader({}, f"{reader.path}.providers")
    found = {name: _table(tables.object(name)) for name in tables.keys()}  # noqa: SIM118
    for name, table in found.items():
        for other in table.also:
            if other not in found:
                raise PolicyError(f"{tables.path}.{name}.also", f"{other[:40]!r} is no provider of this file")
    reader.done()
    return Prices(source, found)


def _table(entry: Reader) -> PriceTable:
    also = entry.texts("also", ())
    if len(also) > MOST_ALSO:
        raise PolicyError(f"{entry.path}.also", f"names more than {MOST_ALSO} others")
    table = PriceTable(tuple(_models(entry)) if entry.has("models") else (), also)
    entry.done()
    return table


def _models(entry: Reader) -> Iterator[ModelPrice]:
    for model in entry.objects("models", limit=MOST_MODELS):
        match = _patterns(model, "match")
        if not match:
            raise PolicyError(f"{model.path}.match", "names no model")
        but = _patterns(model, "except") if model.has("except") else ()
        cases = tuple(_case(case) for case in model.objects("when")) if model.has("when") else ()
        price = ModelPrice(match, _rates(model), but, cases)
        if cases and price.rates == Rates():
            raise PolicyError(f"{model.path}.when", "changes prices that are not there", "write the usual ones")
        model.done()
        yield price


def _patterns(entry: Reader, field: str) -> tuple[str, ...]:
    found = entry.texts(field)
    for index, text in enumerate(found):
        if not _PATTERN.fullmatch(text):
            fix = "write it in lower case, with a star at its ends or nowhere"
            raise PolicyError(f"{entry.path}.{field}[{index}]", "is not a pattern of a model's name", fix)
    return found


def _case(entry: Reader) -> Case:
    mode = entry.text("mode", "")
    if mode and mode not in MODES:
        raise PolicyError(f"{entry.path}.mode", f"{mode[:40]!r} is not one of {', '.join(sorted(MODES))}")
    above = entry.integer("above") if entry.has("above") else -1
    hours = (_time(entry, "from"), _time(entry, "to")) if entry.has("from") or entry.has("to") else None
    if not mode and above < 0 and hours is None:
        raise PolicyError(entry.path, "says not when it holds", "write mode, above, or from and to")
    case = Case(_rates(entry), mode, above, hours)
    if case.rates == Rates():
        raise PolicyError(entry.path, "has no price", f"its prices are {', '.join(RATES)}")
    entry.done()
    return case


def _time(entry: Reader, field: str) -> int:
    found = _TIME.fullmatch(entry.text(field))
    if not found:
        raise PolicyError(f"{entry.path}.{field}", "is no time of the day", 'write it as "16:30", in UTC')
    return int(found[1]) * 3600 + int(found[2]) * 60


def _rates(entry: Reader) -> Rates:
    return Rates(**{name: _price(entry, name) if entry.has(name) else None for name in RATES})


def _price(entry: Reader, field: str) -> int:
    fix = 'write US dollars for a million tokens in quotes, such as "0.25"'
    try:
        found = _PRICE.fullmatch(entry.text(field))
    except InputError as error:
        raise PolicyError(f"{entry.path}.{field}", "is not in quotes", fix) from error
    if not found:
        raise PolicyError(f"{entry.path}.{field}", "is no price", fix)
    return int(found[1] + (found[2] or "").ljust(DECIMALS, "0"))


def prices_said(prices: Prices) -> dict[str, str]:
    """Return what each entry says, in words, by provider and model."""
    found: dict[str, str] = {}
    for name, table in prices.tables.items():
        found |= {f"{name} {price.match[0]}": _said(price) for price in reversed(table.models)}
        if table.also:
            found[f"{name}, any other model"] = f"as {', '.join(table.also)}"
    return found


def _said(price: ModelPrice) -> str:
    rates = " ".join(_rates_said(price.rates)) or "no price"
    cases = "".join(f"; {_case_said(case)}: {' '.join(_rates_said(case.rates))}" for case in price.cases)
    also = f", also for {' '.join(price.match[1:])}" if price.match[1:] else ""
    but = f", not for {' '.join(price.but)}" if price.but else ""
    return f"{rates}{cases}{also}{but}"


def _rates_said(rates: Rates) -> Iterator[str]:
    for name in RATES:
        price = getattr(rates, name)
        if price is not None:
            yield f"{name} {dollars(price)}"


def _case_said(case: Case) -> str:
    words = [case.mode] if case.mode else []
    words += [f"above {case.above} tokens"] if case.above >= 0 else []
    words += [f"{_clock(case.hours[0])} to {_clock(case.hours[1])}"] if case.hours else []
    return ", ".join(words)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"


def dollars(price: int) -> str:
    """Return a price as the file has it: the inverse of what reads it."""
    whole, rest = divmod(price, 10**DECIMALS)
    return f"{whole}.{rest:0{DECIMALS}}".rstrip("0").removesuffix(".")
