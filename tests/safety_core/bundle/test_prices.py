"""prices.yaml: exact decimal prices, and every mistake named by file and line."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.prices import dollars, parse_prices
from safety_core.bundle.source import compile_bundle
from safety_core.edge.shipped import shipped_bundle, shipped_folder
from safety_core.errors import InputError, PolicyError
from safety_core.model.prices import DECIMALS, RATES, Case, ModelPrice, Prices, PriceTable, Rates
from safety_core.wire.reader import Reader
from tests.simulators.repository import SOURCES

ONE = 10**DECIMALS


def parsed(**fields: Any) -> Prices:
    return parse_prices(Reader(fields, "data.prices"))


def entry(**fields: Any) -> ModelPrice:
    model = {"match": ["m"], **fields}
    return parsed(providers={"openai": {"models": [model]}}).tables["openai"].models[0]


def test_an_empty_file_has_no_prices() -> None:
    assert parsed() == Prices()


def test_every_field_is_read() -> None:
    found = parsed(
        source="genai-prices 0.2.3",
        providers={
            "openai": {
                "models": [
                    {
                        "match": ["o-1", "o-1-####", "*o*"],
                        "except": ["*-x"],
                        "input": "2",
                        "output": "8.5",
                        "cache_read": "0.000000000000000001",
                        "cache_write": "0",
                        "cache_write_1h": "4",
                        "reasoning": "9",
                        "input_audio": "10",
                        "output_audio": "11",
                        "cache_read_audio": "12",
                        "request": "0.012",
                        "when": [{"mode": "batch", "above": 0, "from": "23:30", "to": "00:30", "input": "1"}],
                    }
                ]
            },
            "azure": {"also": ["openai"]},
        },
    )
    rates = Rates(2 * ONE, 8 * ONE + ONE // 2, 1, 0, 4 * ONE, 9 * ONE, 10 * ONE, 11 * ONE, 12 * ONE, 12 * ONE // 1000)
    case = Case(Rates(ONE), "batch", 0, (84600, 1800))
    model = ModelPrice(("o-1", "o-1-####", "*o*"), rates, ("*-x",), (case,))
    assert found == Prices("genai-prices 0.2.3", {"openai": PriceTable((model,)), "azure": PriceTable((), ("openai",))})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"input": 2}, r"models\[0\].input: is not in quotes. Fix: write US dollars"),
        ({"input": "2,5"}, r"models\[0\].input: is no price"),
        ({"input": "-1"}, r"models\[0\].input: is no price"),
        ({"input": "01"}, r"models\[0\].input: is no price"),
        ({"input": "1."}, r"models\[0\].input: is no price"),
        ({"input": "1000000"}, r"models\[0\].input: is no price"),
        ({"input": "0." + "1" * 19}, r"models\[0\].input: is no price"),
        ({"match": []}, r"models\[0\].match: names no model"),
        ({"match": ["M"]}, r"models\[0\].match\[0\]: is not a pattern"),
        ({"match": ["a*b"]}, r"models\[0\].match\[0\]: is not a pattern"),
        ({"match": ["*"]}, r"models\[0\].match\[0\]: is not a pattern"),
        ({"match": [""]}, r"models\[0\].match\[0\]: is not a pattern"),
        ({"except": ["a b"]}, r"models\[0\].except\[0\]: is not a pattern"),
        ({"when": [{"mode": "batch", "input": "1"}]}, r"models\[0\].when: changes prices that are not there"),
        ({"input": "1", "when": [{"input": "1"}]}, r"when\[0\]: says not when it holds"),
        ({"input": "1", "when": [{"mode": "batched", "input": "1"}]}, r"when\[0\].mode: 'batched' is not one of batch"),
        ({"input": "1", "when": [{"mode": "batch"}]}, r"when\[0\]: has no price"),
        ({"input": "1", "when": [{"from": "01:00", "input": "1"}]}, r"when\[0\].to: is missing"),
        ({"input": "1", "when": [{"to": "01:00", "input": "1"}]}, r"when\[0\].from: is missing"),
        ({"input": "1", "when": [{"from": "1:00", "to": "24:00", "input": "1"}]}, r"when\[0\].from: is no time"),
        ({"input": "1", "when": [{"above": -1, "input": "1"}]}, r"when\[0\].above: must lie in 0"),
        ({"input": "1", "when": [{"above": 1, "input": "1", "x": 1}]}, r"when\[0\]: has a field"),
        ({"inputs": "1"}, r"models\[0\]: has a field that is not known"),
    ],
)
def test_anything_else_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises((PolicyError, InputError), match=message):
        entry(**fields)


def test_tables_lead_to_tables_that_are_there() -> None:
    with pytest.raises(PolicyError, match=r"data.prices.providers.azure.also: 'openai' is no provider of this file"):
        parsed(providers={"azure": {"also": ["openai"]}})
    with pytest.raises(PolicyError, match=r"azure.also: names more than 20 others"):
        parsed(providers={"azure": {"also": ["azure"] * 21}})
    with pytest.raises(InputError, match=r"azure: has a field that is not known"):
        parsed(providers={"azure": {"model": []}})
    with pytest.raises(InputError, match=r"data.prices: has a field that is not known"):
        parsed(provider={})


def test_a_mistake_is_named_by_file_and_line() -> None:
    text = b"providers:\n  openai:\n    models:\n      - match: [m]\n        input: 'dear'\n"
    with pytest.raises(PolicyError, match=r"prices.yaml:5: is no price"):
        compile_bundle({**SOURCES, "prices.yaml": text}, tenant="one")


def test_a_bundle_holds_prices_and_the_budget_of_all_agents() -> None:
    files = {
        **SOURCES,
        "prices.yaml": b"providers: {openai: {models: [{match: [m], input: '1'}]}}",
        "agents.yaml": b"budget: {usd_per_day: 4}\n",
    }
    policy = compile_bundle(files, tenant="one")[1].policy
    assert policy.prices.tables["openai"].models == (ModelPrice(("m",), Rates(ONE)),)
    assert policy.budget.usd_per_day == 4 * 10**9
    with pytest.raises(PolicyError, match=r"agents.yaml:1: must lie in 1 to"):
        compile_bundle({**files, "agents.yaml": b"budget: {tokens_per_day: 0}\n"}, tenant="one")


@given(st.decimals(0, 999_999, places=DECIMALS))
def test_a_price_comes_back_as_it_was_written(price: Any) -> None:
    text = f"{price:f}"
    assert dollars(entry(input=text).rates.input or 0) == (text.rstrip("0").removesuffix(".") or "0")


def test_the_schema_says_what_the_parser_reads() -> None:
    schema = json.loads((shipped_folder() / "schema/prices.json").read_text())
    assert schema["properties"].keys() == {"source", "providers"}
    parts = {name: {*part.get("properties", ())} for name, part in schema["$defs"].items()}
    assert parts["table"] == {*PriceTable.__slots__}
    assert parts["model"] == {"match", "except", "when", *RATES}
    assert parts["case"] == {"mode", "above", "from", "to", *RATES}
    pattern, price = (re.compile(schema["$defs"][name]["pattern"]) for name in ("pattern", "price"))
    for table in shipped_bundle().data["prices"]["providers"].values():  # type: ignore[index,union-attr,call-overload]
        for model in table["models"]:
            assert all(pattern.fullmatch(name) for name in model["match"])
            assert all(price.fullmatch(model[name]) for name in RATES if name in model)


def test_the_shipped_policy_has_prices_of_a_few_hundred_models() -> None:
    tables = shipped_bundle().policy.prices.tables
    assert {"anthropic", "openai", "gemini", "bedrock", "azure", "mistral", "cohere", "deepseek", "groq"} <= {*tables}
    assert 200 <= sum(len(table.models) for table in tables.values()) <= 600


def test_the_document_shows_prices_and_budgets_that_can_be_read() -> None:
    docs = shipped_folder().parent / "docs"
    (shown,) = re.findall(r"```yaml\n(providers:\n.*?)```", (docs / "policy.md").read_text(), re.DOTALL)
    files = {**SOURCES, "prices.yaml": f"{shown}  openai: {{}}\n".encode()}
    (model,) = compile_bundle(files, tenant="one")[1].policy.prices.tables["work"].models
    assert (model.but, len(model.cases), model.rates.request) == (("*-tts",), 3, ONE // 1000)
    section = (docs / "egress.md").read_text().partition("## Budgets and prices")[2]
    (block,) = re.findall(r"```yaml\n(.*?)```", section.partition("**What is held.**")[0], re.DOTALL)
    policy = compile_bundle({**SOURCES, "agents.yaml": block.encode()}, tenant="one")[1].policy
    assert policy.budget.usd_per_month == 200 * 10**9
    assert [manifest.budget.tokens_per_day for manifest in policy.agents.values()] == [3_000_000]
