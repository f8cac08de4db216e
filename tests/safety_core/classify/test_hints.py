"""Annotations of a tool make its calls graver, never milder."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from safety_core.classify.facts import facts_of
from safety_core.model.level import Level
from safety_core.model.tool_call import Hint
from tests.simulators.judging import WORKSPACE, Judging, call_of

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("read", {"path": "a.txt"}),
    ("write", {"path": "a.txt", "content": "x"}),
    ("web_fetch", {"url": "https://example.com"}),
    ("get_weather", {"city": "Oslo"}),
    ("frobnicate", {}),
    ("frobnicate", {"url": "http://localhost/x"}),
    ("send_letter", {"to": "anna@example.com"}),
    ("delete_everything", {}),
    ("", {}),
]


def level(judging: Judging, tool: str, params: dict[str, Any], *hints: Hint) -> Level:
    call = replace(call_of(tool, params), hints=frozenset(hints))
    return judging.verdict(facts_of(call, judging.catalogue, WORKSPACE)).level


@pytest.mark.parametrize(("tool", "params"), CALLS)
def test_no_hint_loosens(judging: Judging, tool: str, params: dict[str, Any]) -> None:
    plain = level(judging, tool, params)
    for count in range(1, len(Hint) + 1):
        for hints in combinations(Hint, count):
            assert level(judging, tool, params, *hints) >= plain


@pytest.mark.parametrize(
    ("tool", "params", "hint", "wanted"),
    [
        ("read", {"path": "a.txt"}, Hint.WRITES, Level.YELLOW),
        ("read", {"path": "a.txt"}, Hint.DESTRUCTIVE, Level.RED),
        ("write", {"path": "a.txt", "content": "x"}, Hint.DESTRUCTIVE, Level.RED),
        ("get_weather", {}, Hint.OPEN_WORLD, Level.YELLOW),
        ("web_fetch", {"url": "https://example.com"}, Hint.OPEN_WORLD, Level.GREEN),
        ("frobnicate", {}, Hint.OPEN_WORLD, Level.YELLOW_EXTERNAL),
        ("create_note", {}, Hint.OPEN_WORLD, Level.YELLOW_EXTERNAL),
        ("frobnicate", {"url": "http://localhost/x"}, Hint.OPEN_WORLD, Level.YELLOW),
    ],
)
def test_a_hint_tightens(judging: Judging, tool: str, params: dict[str, Any], hint: Hint, wanted: Level) -> None:
    assert level(judging, tool, params, hint) is wanted


def test_a_tool_that_writes_outside_does_not_merely_look(judging: Judging) -> None:
    assert level(judging, "get_weather", {}, Hint.OPEN_WORLD, Hint.WRITES) is Level.YELLOW_EXTERNAL
