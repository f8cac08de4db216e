"""The labelled calls: each says why, none stands twice, and there are as many as the page says."""

from collections import Counter

import pytest

from bench.judging.calls import LABELS, SHELL, labelled, read


def test_there_are_as_many_calls_as_the_page_says() -> None:
    assert Counter(call.label for call in labelled()) == {
        "dangerous": 150,
        "outward": 50,
        "reading": 150,
        "developer": 100,
    }


def test_no_call_stands_twice() -> None:
    seen = Counter(f"{call.tool} {call.params}" for call in labelled())
    assert [call for call, times in seen.items() if times > 1] == []


def test_every_call_says_why_and_what() -> None:
    assert [call for call in labelled() if not call.why.strip() or not any(map(str, call.params.values()))] == []
    assert {call.label for call in labelled() if call.tool == SHELL} == set(LABELS)


def test_a_line_is_a_command_or_a_tool_and_other_lines_are_for_people() -> None:
    text = '# Title\n\n## Part\nlooks: ls -l: all\npays: {"tool": "pay", "params": {"amount": 5}}\n'
    looks, pays = read("reading", text)
    assert (looks.why, looks.tool, looks.params) == ("looks", "exec", {"command": "ls -l: all"})
    assert (pays.tool, pays.to_json()["params"]) == ("pay", {"amount": 5})


def test_a_line_without_a_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="does not say why"):
        read("reading", "ls\n")
