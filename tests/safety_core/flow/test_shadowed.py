"""Lines that a candidate's judging leaves behind come to a report."""

from __future__ import annotations

import json

from safety_core.canonical import JsonObject
from safety_core.flow.compared import Judged
from safety_core.flow.shadowed import difference_line, read_report, start_line, summary_line, trouble_line
from safety_core.model.facts import Action, Facts, Kind
from safety_core.model.level import Level, Outcome

LOW = Judged(Level.YELLOW, Outcome.ALLOW, "changes")
HIGH = Judged(Level.RED, Outcome.ASK, "deletes", ("deletes something",))
FACTS = Facts("exec", "main", (Action(Kind.DESTROY, "rm", "rm"), Action(Kind.DESTROY, "rm", "rm", words="again")))


def raw(*lines: JsonObject) -> list[bytes]:
    return [json.dumps(line).encode() + b"\n" for line in lines]


def test_a_difference_names_no_argument_of_the_call() -> None:
    line = difference_line(1.0, FACTS, "ab" * 32, LOW, HIGH)
    assert line["forms"] == ["rm"]
    assert set(line) == {"event", "time", "agent", "tool", "forms", "digest", "before", "after"}


def test_lines_come_to_a_report_whose_counts_are_those_of_the_last_summary_of_each_run() -> None:
    report = read_report(
        raw(
            start_line(1.0, "old", "new"),
            difference_line(2.0, FACTS, "ab" * 32, LOW, HIGH),
            summary_line(3.0, 10, 1, 0),
            summary_line(4.0, 20, 1, 2),
            start_line(5.0, "old", "new"),
            trouble_line(6.0, "gave no answer"),
            difference_line(7.0, Facts("odd", "main"), "cd" * 32, HIGH, LOW),
            summary_line(8.0, 5, 1, 1),
        )
    )
    assert report.candidates == {"new": 2}
    assert (report.tally.calls, report.tally.differing, report.passed_over) == (25, 2, 3)
    assert report.troubles == {"gave no answer": 1}
    assert [one.shown for one in report.tally.by_rule["deletes"]] == [
        "exec: rm",
        "odd: nothing that was recognised",
    ]


def test_one_candidate_may_be_asked_for() -> None:
    lines = raw(
        start_line(1.0, "old", "one"),
        difference_line(2.0, FACTS, "ab" * 32, LOW, HIGH),
        start_line(3.0, "old", "two"),
        summary_line(4.0, 7, 0, 0),
    )
    assert read_report(lines, "two").tally.calls == 7
    assert read_report(lines, "one").tally.calls == 1
    assert read_report(lines, "one").candidates == {"one": 1, "two": 0}


def test_a_line_that_is_none_is_counted() -> None:
    wrong = {**difference_line(1.0, FACTS, "ab" * 32, LOW, HIGH), "before": {"level": "blue", "outcome": "ask"}}
    assert read_report([b"torn", *raw(wrong, {"time": 1})]).unreadable == 3
