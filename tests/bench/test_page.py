"""docs/benchmarks.md shows what was measured, and nothing else."""

import re

import pytest

from bench.figure import BUDGETS, Figure, shown, wanted
from bench.measure import timing
from bench.peers.install import LOCKS
from bench.report import page, results, summary
from bench.sections import SECTIONS


def figure(name: str, value: float | None) -> Figure:
    return Figure("section", name, "title", value, "x", goal=1.3)


def test_the_page_is_what_the_command_writes_from_the_results() -> None:
    """Fails after an edit by hand, or of a budget: `.venv/bin/python -m bench --page-only` writes it again."""
    text = page.PAGE.read_text("utf-8")
    plots = {path.name for path in (page.PAGE.parent / "benchmarks").glob("*.svg")}
    assert page.with_results(text, results.loaded(results.LATEST), plots) == text


def test_a_budget_and_a_promise_are_for_a_figure_that_is_measured() -> None:
    taken = results.loaded(results.LATEST)
    measured = {item.name for item in results.figures_of(taken)}
    assert {*BUDGETS, *summary.PROMISES} <= measured
    assert measured == {name for record in taken["sections"].values() for name in record["figures"]}


def test_every_section_of_the_results_can_be_measured_alone() -> None:
    assert [*results.loaded(results.LATEST)["sections"]] == [section.name for section in SECTIONS]


def test_the_page_says_of_each_figure_how_it_is_measured_alone() -> None:
    records = {"redact": {"figures": ["a"]}, "secrets": {"figures": ["b"]}, "hub-kill": {"figures": ["c"]}}
    said = page._alone(records, [figure("a", 1), figure("b", 2)])
    assert re.findall(r"--only ([\w-]+)", said) == ["redact", "secrets"]


def test_a_figure_over_its_budget_is_broken_and_one_that_is_not_there_is_not() -> None:
    most = BUDGETS["redact_growth"]["at_most"]
    assert [bool(figure("redact_growth", value).broken) for value in (most, most + 0.1, None)] == [False, True, False]


def test_a_figure_under_its_budget_is_broken_too() -> None:
    assert "ours_found: 16" in figure("ours_found", 16).broken
    assert not figure("ours_found", 17).broken


def test_a_goal_is_met_or_missed_or_open() -> None:
    assert [figure("", value).met for value in (1.2, 1.4, None)] == [True, False, None]


def test_figures_are_read_with_their_unit() -> None:
    assert shown(123456.7, "µs") == "123,457 µs"
    assert shown(0.04567, "x") == "0.0457x"
    assert shown(None, "x") == "not measured"
    assert wanted(figure("", 1)) == "≤ 1.3x"


def test_a_timing_is_the_median_and_its_quartiles() -> None:
    taken = timing([1.0, 2.0, 3.0, 4.0, 100.0])
    assert (taken.low, taken.median, taken.high) == (2.0, 3.0, 4.0)


@pytest.mark.parametrize("lock", sorted(path.name for path in LOCKS.glob("*.txt")))
def test_every_package_of_a_peer_is_pinned(lock: str) -> None:
    first, *lines = (LOCKS / lock).read_text("utf-8").splitlines()
    assert first.startswith("# ")
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []
