"""Measures pairs in one run and prints a table; a figure over its budget fails."""

from __future__ import annotations

import statistics
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BUDGETS = tomllib.loads((Path(__file__).parent / "budgets.toml").read_text())
ROUNDS = 30
ROWS: list[str] = []


def seconds(work: Callable[[], object], repeat: int) -> float:
    started = time.process_time()
    for _ in range(repeat):
        work()
    return (time.process_time() - started) / repeat


Work = Callable[[], object]
Pair = Callable[..., None]


@pytest.fixture
def pair() -> Pair:
    """Return a function that measures `ours` against `yardstick`, turn by turn, and holds the ratio to its budget."""

    def measure(name: str, ours: Work, yardstick: Work, repeat: tuple[int, int]) -> None:
        rounds = [(seconds(ours, repeat[0]), seconds(yardstick, repeat[1])) for _ in range(ROUNDS)]
        mine, base = (statistics.median(column) * 1e6 for column in zip(*rounds, strict=True))
        most = BUDGETS[name]["at_most"]
        ROWS.append(f"{name:16} {mine:10.1f} us / {base:8.1f} us = {mine / base:7.1f}   at most {most}")
        assert mine / base <= most, ROWS[-1]

    return measure


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.section("ours / yardstick, CPU time, and memory (see bench/budgets.toml)")
    for row in ROWS:
        terminalreporter.write_line(row)
