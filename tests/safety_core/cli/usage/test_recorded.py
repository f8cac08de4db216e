"""`safety usage`: one answer per line, in order."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from safety_core.cli.usage.command import usage


def ask(*lines: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(usage, input="\n".join(lines), catch_exceptions=False)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_answers_come_in_order_and_name_their_question() -> None:
    body = json.dumps({"usage": {"input_tokens": 2, "cache_read_input_tokens": 8, "output_tokens": 3}})
    first, second = ask(
        json.dumps({"id": "a", "body": body, "format": "json"}), "", json.dumps({"id": 2, "body": {"x": 1}})
    )
    assert first == {
        "id": "a",
        "input_total": 10,
        "output_total": 3,
        "cache_read": 8,
        "cache_write": 0,
        "cache_write_1h": 0,
        "reasoning": 0,
        "tool_prompt": 0,
        "stated": True,
    }
    assert (second["id"], second["stated"], second["input_total"]) == (2, False, 0)


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1}', "7"])
def test_a_line_that_is_no_question_is_answered_in_its_place(line: str) -> None:
    odd, good = ask(line, json.dumps({"id": "b", "body": "{}"}))
    assert (odd["id"], odd["stated"], odd["input_total"]) == (None, False, 0)
    assert "line 1" in str(odd["error"])
    assert good["id"] == "b"
