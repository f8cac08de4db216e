"""The threat model says where each threat is tried, and loses none of what is left. What it names is there."""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter
from pathlib import Path

import pytest

from tools.controls.__main__ import table

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "threat-model.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in PAGE.splitlines()
    if re.match(r"\| [A-Z]{2}\d+ \|", line)
]
NODE = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ADVERSARIES = {
    "AG": "A prompt-injected agent",
    "SK": "A malicious skill, plugin or MCP server",
    "HU": "A stolen hub",
    "KE": "A stolen policy key",
    "NE": "A hostile network",
    "IN": "A curious or careless insider",
    "DI": "Whoever gets a disk, a backup or a database",
    "MA": "Other software on the machine",
    "SU": "The supply chain",
}
KINDS = "STRIDE"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_threat_ends_in_tests_that_are_there(row: list[str]) -> None:
    _, _, _, threat, control, tried, left = row
    assert threat
    assert control
    assert left
    nodes = NODE.findall(tried)
    assert tried == " ".join(f"`{file}::{name}`" for file, name in nodes)
    assert nodes
    for file, name in nodes:
        tree = ast.parse((ROOT / file).read_text())
        assert name in {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }


def test_every_row_has_a_name_of_its_own_and_stands_below_its_adversary() -> None:
    assert not [name for name, count in Counter(row[0] for row in ROWS).items() if count > 1]
    for code, title in ADVERSARIES.items():
        (section,) = re.findall(rf"^### {title}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
        here = re.findall(r"^\| ([A-Z]{2}\d+) \|", section, re.MULTILINE)
        assert here == [f"{code}{number}" for number in range(1, len(here) + 1)]
        assert here
    assert {row[0][:2] for row in ROWS} == set(ADVERSARIES)


def test_each_kind_of_attack_was_thought_of_at_each_boundary() -> None:
    drawn = re.findall(r"^\| (\w+) \| ", PAGE.partition("| boundary |")[2].partition("## Threats")[0], re.MULTILINE)
    assert {(row[1], row[2]) for row in ROWS} == set(itertools.product(drawn, KINDS))
    picture = PAGE.partition("```mermaid")[2].partition("```")[0]
    for boundary in drawn:
        assert re.search(rf'"{boundary}[:"]', picture), boundary


def test_what_is_left_is_all_pointed_to_from_a_threat() -> None:
    told = re.findall(r'^- <a id="l(\d+)"></a>\*\*L(\d+)\.\*\* \S', PAGE, re.MULTILINE)
    assert told == [(str(number), str(number)) for number in range(1, len(told) + 1)]
    assert len(told) >= 47, "a line that is no longer left is taken out here, knowingly"
    pointed = [pair for row in ROWS for pair in re.findall(r"\[L(\d+)\]\(#l(\d+)\)", row[-1])]
    assert all(shown == meant for shown, meant in pointed)
    assert {shown for shown, _ in pointed} == {number for number, _ in told}
    assert all(re.fullmatch(r"none known|(\[L\d+\]\(#l\d+\) ?)+", row[-1]) for row in ROWS)


def test_what_is_taken_out_is_of_a_row_and_is_to_be_missed_by_one_of_its_tests() -> None:
    entries = [*table()]  # a row, or a test, that the page does not name raises
    assert {it.path for it in entries if not (ROOT / it.path).is_file()} == set()
    assert [it.row for it in entries if it.control == it.instead] == []
    assert len({it.row for it in entries}) > 100
