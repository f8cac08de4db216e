"""`safety policy prices`: what the package knows, as a file of the policy."""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from safety_core.cli.policy.price_source import Names, names_of, tables
from safety_core.edge.shipped import shipped_folder
from safety_core.errors import InputError, UnavailableError
from tests.safety_core.cli.policy.conftest import Run

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_the_shipped_file_is_what_the_command_writes(run: Run, folder: Path) -> None:
    shipped = (shipped_folder() / "prices.yaml").read_text()
    day = re.search(r"^source: .*, (\S+)$", shipped, re.MULTILINE)
    assert day
    told = run("prices", "--at", day[1], "-o", "@prices.yaml").output
    assert (folder / "prices.yaml").read_text() == shipped
    assert re.search(r"prices\.yaml: \d+ models of 9 providers, genai-prices ", told)


def test_only_what_is_asked_for_is_written(run: Run) -> None:
    told = run("prices", "--providers", "anthropic, OpenRouter", "--models", "*claude-opus*").output
    assert re.findall(r"^  (\S+):$", told, re.MULTILINE) == ["anthropic", "openrouter"]
    assert "claude-opus" in told
    assert "gpt" not in told
    assert run("prices", "--providers", "cohere", "--models", "no-such").output.endswith("providers:\n  cohere: {}\n")
    with pytest.raises(InputError, match=r"provider nobody: is not in genai-prices"):
        run("prices", "--providers", "nobody")


def test_all_are_everybody_under_the_edges_names(run: Run) -> None:
    found = run("prices", "--all")
    assert {"gemini", "bedrock", "openrouter", "x-ai"} <= {*re.findall(r"^  (\S+):$", found.output, re.MULTILINE)}
    assert "google:" not in found.output


def test_without_the_package_it_says_which_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    with pytest.raises(UnavailableError, match=r"genai-prices: is not installed. Fix: pip install"):
        run("prices")


def written(*models: ModelInfo, **fields: Any) -> Any:
    provider = Provider("shop", "Shop", "x", models=[*models], **fields)
    return tables([provider], ("shop",), (), NOON).tables["shop"]


def priced(prices: Any, **fields: Any) -> Any:
    (entry,) = written(ModelInfo("m", ClauseEquals("m"), prices=prices, **fields))["models"]
    return {key: value for key, value in entry.items() if key != "match"}


def usd(**prices: str | TieredPrices) -> ModelPrice:
    return ModelPrice(**{key: Decimal(price) if isinstance(price, str) else price for key, price in prices.items()})


def test_prices_that_usage_cannot_be_held_against_are_no_price() -> None:
    assert priced(usd(audio_hours="0.36")) == {}
    assert priced(usd(input_mtok="2.50", web_searches_kcount="10")) == {"input": "2.5"}
    assert priced(usd()) == {"input": "0", "output": "0"}
    assert priced(usd(requests_kcount="12", output_reasoning_mtok="3")) == {"request": "0.012", "reasoning": "3"}


def test_tiers_modes_and_hours_are_rows() -> None:
    tiered = TieredPrices(Decimal(3), [Tier(200_000, Decimal(6))])
    assert priced(usd(input_mtok=tiered, output_mtok="15")) == {
        "input": "3",
        "output": "15",
        "when": [{"above": 200_000, "input": "6"}],
    }
    variants = [
        PriceVariant({"processing": "batch"}, usd(input_mtok="1")),
        PriceVariant({"processing": "batch"}, usd(input_mtok="2", output_mtok="7")),
        PriceVariant({"speed": "fast"}, usd(input_mtok="9"), StartDateConstraint(date(2027, 1, 1))),
        PriceVariant({"service_tier": "default"}, usd(input_mtok="9")),
        PriceVariant({"service_tier": "flex", "processing": "batch"}, usd(input_mtok="9")),
    ]
    assert priced(usd(input_mtok="3"), price_variants=variants)["when"] == [
        {"mode": "batch", "input": "1", "output": "7"}
    ]
    night = TimeOfDateConstraint(datetime(2026, 1, 1, 16, 30).time(), datetime(2026, 1, 1, 0, 30).time())
    conditional = [
        ConditionalPrice(prices=usd(input_mtok="1")),
        ConditionalPrice(StartDateConstraint(date(2026, 1, 1)), prices=usd(input_mtok="2")),
        ConditionalPrice(StartDateConstraint(date(2027, 1, 1)), prices=usd(input_mtok="8")),
        ConditionalPrice(night, prices=usd(input_mtok="0.5")),
    ]
    assert priced(conditional) == {"input": "2", "when": [{"from": "16:30", "to": "00:30", "input": "0.5"}]}


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        (ClauseEquals("GPT-X"), Names(("gpt-x",))),
        (ClauseStartsWith("a"), Names(("a*",))),
        (ClauseEndsWith(":free"), Names(("*:free",))),
        (ClauseContains("b"), Names(("*b*",))),
        (ClauseOr([ClauseEquals("a"), ClauseStartsWith("b"), ClauseEquals("a")]), Names(("a", "b*"))),
        (ClauseRegex(r"^o-\d{8}$"), Names(("o-########",))),
        (ClauseRegex(r"^o\.5[-@]\d"), Names(("o.5-#*", "o.5@#*"))),
        (ClauseRegex("opus"), Names(("*opus*",))),
        (ClauseRegex(r"^o-(a|b)$"), None),
        (ClauseRegex(r"^o-[0-9]$"), None),
        (ClauseEquals("a b"), None),
        (ClauseEquals("a*b"), None),
        (ClauseEquals("a#"), None),
        (ClauseOr([ClauseEquals("a"), ClauseRegex("(")]), None),
        (
            ClauseAnd([ClauseStartsWith("g-2"), ClauseRegex(r"^(?!.*-[tT][tT][sS](?:$|-))")]),
            Names(("g-2*",), ("*-tts", "*-tts-*")),
        ),
        (ClauseAnd([ClauseStartsWith("a"), ClauseContains("b")]), None),
    ],
)
def test_a_clause_becomes_patterns_or_is_left_out(clause: Any, expected: Names | None) -> None:
    assert names_of(clause) == expected


def test_what_cannot_be_said_is_told() -> None:
    odd = Provider("shop", "Shop", "x", models=[ModelInfo("m", ClauseRegex("(a|b)"), prices=usd(input_mtok="1"))])
    assert tables([odd], ("shop",), (), NOON).left_out == ["shop m"]
