"""What model calls cost, as signed policy says: prices.yaml, read by `safety_core.bundle.prices`.

A price is a whole number of 1e-18 US dollars for a million tokens (or for one request): the decimal text of the file,
exactly, and small enough that no price of any provider is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

RATES: Final = (
    "input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning",
    "input_audio", "output_audio", "cache_read_audio", "request",
)  # fmt: skip
"""What a price can be of, as the file names it."""

MODES: Final = frozenset({"batch", "fast", "flex", "priority"})
"""Ways to process a request that a price may depend on; every other word of a provider ("default") is the usual one."""

DECIMALS: Final = 18
"""Digits after the point of a price in US dollars."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Prices of one model. None: this part has no price of its own.

    Attributes:
        input, output: of all tokens that go in and come out, but for those below.
        cache_read, cache_write: of input that came from the provider's cache, or went into it; None: as input.
        cache_write_1h: of what went into it for the longer life; None: as cache_write.
        reasoning: of the part of the output that was thought and not said; None: as output.
        input_audio, output_audio: of what is sound; None: as input and output.
        cache_read_audio: of sound that came from the cache; None: as cache_read, or else as input_audio.
        request: of each request, whatever is in it.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    reasoning: int | None = None
    input_audio: int | None = None
    output_audio: int | None = None
    cache_read_audio: int | None = None
    request: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Prices that hold in a certain case, instead of what the rows before say.

    Attributes:
        mode: how the provider says that it processed the request ("batch"); empty: in whichever way.
        above: input tokens that the request has more of; -1: however many.
        hours: when on the day (UTC), in seconds from its beginning; it may pass midnight. None: always.
    """

    rates: Rates
    mode: str = ""
    above: int = -1
    hours: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """What one model costs.

    Attributes:
        match: patterns of its names, in lower case: a star at either end stands for any text, # for a digit.
        but: patterns of names that it does not mean all the same.
        rates: its prices; with none at all, it has a price that does not count in tokens, and is not priced here.
        cases: in order; the later one wins.
    """

    match: tuple[str, ...]
    rates: Rates = Rates()
    but: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The models of one provider; the first that matches counts. `also`: tables that are looked into after it."""

    models: tuple[ModelPrice, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prices:
    """All prices of a policy.

    Attributes:
        source: where they are from, and of which day.
        tables: by provider, as the edge's settings name it, or by its API.
    """

    source: str = ""
    tables: Mapping[str, PriceTable] = field(default_factory=dict)


FREE: Final = ModelPrice(("*",), Rates(input=0, output=0))
"""What a model costs that runs on one's own machines."""
