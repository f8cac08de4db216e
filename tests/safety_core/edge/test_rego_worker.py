"""The process that runs rules, without the process: what it reads and what it says."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from safety_core.edge.rego_worker import serve

RULE = 'package safety.rules.a\n\nimport rego.v1\n\nhits contains {"level": "red", "reason": input.why} if input.why\n'
LOAD = {"load": {"shards": [{"a": RULE}, {"b": RULE.replace("rules.a", "rules.b")}], "data": {}, "deadline": 5}}


def lines(*parts: Any) -> bytes:
    return b"".join(json.dumps(part).encode() + b"\n" for part in parts)


def said(raw: bytes) -> list[Any]:
    answers = io.BytesIO()
    serve(io.BytesIO(raw), answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def hit(rule: str) -> dict[str, str]:
    return {"rule": rule, "level": "red", "reason": "so"}


def test_rules_are_asked_shard_by_shard() -> None:
    asked = ({"ask": [[1, ["b"]], [0, ["a"]]]}, {"why": "so"})
    assert said(lines(LOAD, *asked)) == [{"ok": []}, {"ok": [hit("b"), hit("a")]}]
    assert said(lines(LOAD, {"ask": []}, {})) == [{"ok": []}, {"ok": []}]


@pytest.mark.parametrize(("asked", "words"), [([[0, ["b"]]], "b"), ([[0, ["none"]]], "none"), ([[1, ["a"]]], "a")])
def test_a_rule_that_is_not_there_is_an_error(asked: list[Any], words: str) -> None:
    (_, answer) = said(lines(LOAD, {"ask": asked}, {"why": "so"}))
    assert words in answer["error"]


def test_what_does_not_load_is_an_error_and_what_was_loaded_stays() -> None:
    broken = {"load": {**LOAD["load"], "shards": [{"a": "package x\n\nx := "}]}}
    answers = said(lines(LOAD, broken, {"ask": [[0, ["a"]]]}, {"why": "so"}))
    assert "error" in answers[1]
    assert answers[2] == {"ok": [hit("a")]}


def test_a_request_that_breaks_off_is_not_answered() -> None:
    assert said(lines(LOAD)[:-1]) == []
    assert said(b"") == []
