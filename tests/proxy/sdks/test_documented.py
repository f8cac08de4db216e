"""docs/egress.md, "How it fails", against the dialects and the scenarios."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from proxy.providers.dialects import DIALECTS
from tests.proxy.sdks.clients import CANNOT, SDKS
from tests.proxy.sdks.test_scenarios import SCENARIOS

ROOT = Path(__file__).parents[3]
SECTION = (ROOT / "docs/egress.md").read_text().partition("\n## How it fails\n")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in SECTION.splitlines() if line[:2] == "| "]
LIKE_OPENAI = ("compatible", "deepseek", "groq")


def names(document: Any) -> str:
    """Return a document as the table writes it: names, and values where they are always the same."""
    told = []
    for name, value in document.items():
        fixed = names(value) if isinstance(value, dict) else '"error"' if value == "error" else ""
        told.append(f'"{name}": {fixed}' if fixed else f'"{name}"')
    return "{" + ", ".join(told) + "}"


def test_the_error_shapes_are_those_of_the_table() -> None:
    told = {row[0].partition(",")[0].lower(): row[1].strip("`") for row in ROWS if row[1].startswith("`{")}
    assert told.keys() | {*LIKE_OPENAI} == DIALECTS.keys()
    for name, dialect in DIALECTS.items():
        shape = told["openai" if name in LIKE_OPENAI else name]
        assert names(json.loads(dialect.error(424, "why"))) == shape, name


def test_each_status_of_the_table_is_one_that_a_scenario_meets() -> None:
    told = {status for row in ROWS for status in re.findall(r"\b[45]\d\d\b", row[0])}
    assert told == {"400", "401", "404", "405", "413", "424", "502", "503"}
    met = {status for name in SCENARIOS for status in re.findall(r"\b[45]\d\d\b", name)}
    assert {"400", "401", "404", "413", "424", "503"} <= met


def test_what_no_sdk_can_say_is_named() -> None:
    assert {sdk for _, sdk in CANNOT} <= SDKS.keys()
    assert {scenario for scenario, _ in CANNOT} <= SCENARIOS.keys()
    for reason in CANNOT.values():
        assert reason.partition(" ")[2] in SECTION.replace("\n", " ")
