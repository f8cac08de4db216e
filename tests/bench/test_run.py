"""A run goes on: what errs or does not end is named, and what was measured before stays."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from bench.figure import Figure
from bench.report import results
from bench.report.progress import Bar, progress
from bench.run import in_order, with_section
from bench.section import Collected, Section, Tell
from bench.sections import SECTIONS, chosen


def figure(name: str, value: float, title: str = "One") -> Figure:
    return Figure(title, name, f"title of {name}", value, "x")


def measured(stored: dict[str, Any], section: Section, patience: int = 60) -> dict[str, Any]:
    with progress(Console(quiet=True)) as bar:
        return with_section(stored, section, bar, patience)


def section(work: Callable[[Collected, Tell], None], name: str = "one") -> Section:
    return Section(name, "words", work)


def shown(taken: dict[str, Any]) -> dict[str, float | None]:
    return {it.name: it.value for it in results.figures_of(taken)}


@pytest.fixture
def stored() -> dict[str, Any]:
    """Give what an earlier run has stored of the section `one` and of another."""
    first = measured({"figures": []}, section(lambda c, _: c.take([figure("a", 1), figure("gone", 1)])))
    taken = measured(first, section(lambda c, _: c.take([figure("other", 5, "Two")]), "two"))
    taken["sections"]["one"]["when"] = "2001-02-03"
    return taken


def test_a_section_measured_anew_takes_the_place_of_what_it_had_measured(stored: dict[str, Any]) -> None:
    taken = measured(stored, section(lambda c, _: c.take([figure("a", 2), figure("b", 3)])))
    assert shown(taken) == {"other": 5, "a": 2, "b": 3}
    assert taken["sections"]["one"]["figures"] == ["a", "b"]
    assert taken["sections"]["one"]["when"] != "2001-02-03"


def test_a_section_that_errs_is_named_and_what_it_had_measured_stays(stored: dict[str, Any]) -> None:
    def work(collected: Collected, tell: Tell) -> None:
        collected.take([figure("a", 2)])
        raise RuntimeError("the hub\nis away")

    taken = measured(stored, section(work))
    assert shown(taken) == {"gone": 1, "other": 5, "a": 2}
    record = taken["sections"]["one"]
    assert (record["error"], record["when"]) == ("RuntimeError: the hub is away", "2001-02-03")
    assert "error" not in measured(taken, section(lambda c, _: c.take([figure("a", 2)])))["sections"]["one"]


def test_a_section_that_does_not_end_is_ended() -> None:
    taken = measured({"figures": []}, section(lambda c, _: time.sleep(60)), patience=1)
    assert taken["sections"]["one"]["error"] == "SectionTimeoutError: did not end within 1 s"


def test_each_step_has_its_time() -> None:
    def work(collected: Collected, tell: Tell) -> None:
        for step in ("first", "second"):
            tell.start(step)

    steps = measured({"figures": []}, section(work))["sections"]["one"]["steps"]
    assert [step["what"] for step in steps] == ["first", "second"]
    assert all(step["seconds"] >= 0 for step in steps)


def test_figures_are_in_the_order_of_the_sections_and_those_of_nobody_are_dropped(stored: dict[str, Any]) -> None:
    stored["figures"] += results.packed([figure("of nobody", 9)])
    taken = in_order(stored, ["two", "one"])
    assert [*shown(taken)] == ["other", "a", "gone"]
    assert [*taken["sections"]] == ["two", "one"]


def test_a_name_stands_for_itself_and_for_those_that_begin_with_it() -> None:
    assert [it.name for it in chosen(["edge"])] == ["edge"]
    assert [it.name for it in chosen(["egress", "hold"])] == ["hold", "egress", "egress-streams", "egress-slow"]
    assert len({it.name for it in SECTIONS}) == len(SECTIONS)
    with pytest.raises(KeyError):
        chosen(["ledge"])


def test_a_bar_is_begun_before_it_has_a_step() -> None:
    with progress(Console(quiet=True)) as bar:
        assert isinstance(bar, Bar)
        assert bar.ended() == []
