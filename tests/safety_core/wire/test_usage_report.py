"""A question for usage, and its answer, survive the wire or are refused by name."""

from __future__ import annotations

import json

import pytest

from safety_core.errors import InputError
from safety_core.model.usage import Usage
from safety_core.wire.usage_report import (
    MOST,
    Asked,
    Point,
    Report,
    Row,
    asked_from,
    report_from,
    summed,
)

ROW = Row("openai/m-1", 3, 1, 2, Usage(100, 20, 60, 5, 1, 7, 2), 10**15, 5)


@pytest.mark.parametrize("breaks", [None, (3, 1)])
def test_a_report_comes_back_as_it_was(breaks: tuple[int, int] | None) -> None:
    rows = (ROW, Row("x", 1, 0, 0, Usage(), MOST, None), Row("y", 1, 0, 0, Usage(), 0, -7))
    report = Report(Asked(0, 7200, "hour,model"), rows, 3600, (Point(0, 3, 120, 7),), breaks)
    assert report_from(json.loads(json.dumps(report.to_json()))) == report


def test_sums() -> None:
    assert summed((), "total") == Row("total", 0, 0, 0, Usage(), 0, None)
    assert summed((ROW, ROW), "t") == Row("t", 6, 2, 4, Usage(200, 40, 120, 10, 2, 14, 4), 2 * 10**15, 10)
    assert summed((ROW, Row("x", 1, 0, 0, Usage(), 0)), "t").saved == 5
    assert ROW.hit_rate == 0.6
    assert Row("x", 1, 0, 0, Usage(), 0).hit_rate is None


def test_a_question_has_defaults() -> None:
    assert asked_from(b"", 1_000_000.5) == Asked(1_000_000 - 7 * 86400, 1_003_600, "model")
    assert asked_from(b"since=5&until=9&by=day,model", 0) == Asked(5, 9, "day,model")


@pytest.mark.parametrize(
    "query", [b"by=", b"since=-1", b"since=1&since=2", b"where=1", b"until=", b"since=9999999999999", b"\xff=1"]
)
def test_what_is_no_question_is_refused(query: bytes) -> None:
    with pytest.raises(InputError, match="query parameter"):
        asked_from(query, 0)


def test_an_answer_by_something_else_is_refused() -> None:
    with pytest.raises(InputError, match=r"usage\.by"):
        report_from({"since": 0, "until": 1, "by": "moon"})
    with pytest.raises(InputError, match="must be one of agent"):
        asked_from(b"by=moon", 0)
