"""Every price of the shipped policy gives what the package that it was made from gives, to the nano-dollar."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.bundle.document import read_document
from safety_core.bundle.prices import parse_prices
from safety_core.cli.policy.price_source import FIELDS, MODES, NAMES, vars_of
from safety_core.edge.shipped import shipped_folder
from safety_core.meter.cost import cost_of, find_price
from safety_core.model.prices import Rates
from safety_core.model.usage import Usage
from safety_core.wire.reader import Reader

PRICES: Final = parse_prices(
    Reader(read_document("prices.yaml", (shipped_folder() / "prices.yaml").read_bytes()).mapping(), "prices")
)
MADE: Final = re.fullmatch(r"genai-prices (\S+), (\d{4}-\d{2}-\d{2})", PRICES.source)
DAY: Final = datetime.fromisoformat(MADE[2] if MADE else "").replace(tzinfo=UTC)
CONTEXTS: Final[dict[str, list[tuple[str, str]]]] = {
    mode: [when for when, word in MODES.items() if word == mode] for mode in sorted(set(MODES.values()))
}
SOURCES: Final = {provider.id: provider for provider in get_snapshot().providers}


def names(clause: Any) -> list[str]:
    """Names that a clause is meant for: its own texts, with a date behind those that take one."""
    kind = next(iter(vars(clause)))
    value = getattr(clause, kind)
    if kind in {"or_", "and_"}:
        return [name for one in value for name in names(one)]
    if kind == "regex":
        return [re.sub(r"\\d\{(\d)\}|\\d", lambda digit: "1" * int(digit[1] or 1), value.strip("^$")).replace("\\", "")]
    return [value, f"{value}-20250807", f"x/{value}", f"{value}-tts"]


MODELS: Final = [
    (table, name)
    for table in PRICES.tables
    for model in SOURCES[NAMES.get(table, table)].models
    for name in {model.id, *names(model.match)}
]


def theirs(table: str, model: str, usage: Usage, at: datetime) -> tuple[int, bool] | None:
    """Return what the package says, and whether it is of prices that usage has the numbers for."""
    provider = SOURCES[NAMES.get(table, table)]
    found = provider.find_model(model, all_providers=[SOURCES[NAMES.get(name, name)] for name in PRICES.tables])
    if found is None:
        return None
    counts = {
        "input_tokens": usage.input_total + usage.tool_prompt,
        "output_tokens": usage.output_total,
        "cache_read_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
        "cache_write_1h_tokens": usage.cache_write_1h,
        "output_reasoning_tokens": usage.reasoning,
        "input_audio_tokens": usage.audio_input,
        "output_audio_tokens": usage.audio_output,
        "cache_audio_read_tokens": usage.audio_read,
    }
    said = {when for variant in found.price_variants or () for when in variant.when.items()}
    context = next(([when] for when in CONTEXTS.get(usage.mode, ()) if when in said), [])
    price = found.calc_price(
        genai_prices.Usage(**counts), provider, genai_request_timestamp=at, price_context=dict(context)
    )
    nano = int((price.total_price * 10**9).quantize(Decimal(1), ROUND_HALF_EVEN))
    keys = vars_of(found.get_prices(at)).keys()
    return nano, not keys or bool(keys & FIELDS.keys())


def check(table: str, model: str, usage: Usage, at: datetime) -> None:
    price = find_price(PRICES, table, model)
    expected = theirs(table, model, usage, at)
    if expected is None:
        assert price is None, (table, model)
        return
    assert price is not None, (table, model)
    nano, counted = expected
    assert (price.rates != Rates()) is counted, (table, model)
    if counted:
        assert cost_of(usage, price, at.timestamp()) == nano, (table, model, usage)


def test_the_package_is_the_one_that_the_file_names() -> None:
    assert MADE
    assert MADE[1] == genai_prices.__version__, "make the file anew: safety policy prices -o policies/prices.yaml"
    assert len(MODELS) > 1000


@pytest.mark.parametrize("mode", ["", *CONTEXTS])
def test_every_model_under_every_name_costs_what_its_source_says(mode: str) -> None:
    small = Usage(7001, 333, 2003, 1501, 707, 100, 17, False, mode, 1200, 99, 300)
    large = Usage(300_001, 333, 2003, 1501, 707, 100, 17, False, mode, 1200, 99, 300)
    for table, model in MODELS:
        for usage in (small, large):
            check(table, model, usage, DAY + timedelta(hours=2))


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    whole = draw(st.one_of(st.integers(0, 500_000), st.sampled_from([100_000, 100_001, 200_000, 200_001, 272_001])))
    read = draw(st.integers(0, whole))
    written = draw(st.integers(0, whole - read))
    output = draw(st.integers(0, 200_000))
    reasoning = draw(st.integers(0, output))
    heard = draw(st.integers(0, read))
    return Usage(
        whole,
        output,
        read,
        written,
        draw(st.integers(0, written)),
        reasoning,
        draw(st.integers(0, 1000)),
        mode=draw(st.sampled_from(["", *CONTEXTS, "unheard-of"])),
        audio_input=heard + draw(st.integers(0, whole - read - written)),
        audio_output=draw(st.integers(0, output - reasoning)),
        audio_read=heard,
    )


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(MODELS), usages(), st.integers(0, 86399))
def test_any_usage_at_any_hour_costs_what_its_source_says(model: tuple[str, str], usage: Usage, second: int) -> None:
    check(*model, usage, DAY + timedelta(seconds=second))
