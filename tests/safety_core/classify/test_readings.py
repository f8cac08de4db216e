"""Calls that were read before: the same answer, only for the very same call and files."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from safety_core.canonical import JsonObject
from safety_core.classify.catalogue import compiled
from safety_core.classify.facts import bare_facts_of, facts_of, read_call
from safety_core.classify.files import NOTHING_WRITTEN, Content, Written
from safety_core.classify.readings import LONGEST, Reading, key_of
from safety_core.model.tool_call import Hint, ToolCall
from tests.simulators.judging import call_of

RULES: JsonObject = {
    "programs": {
        "list": {"effect": "read", "operands": "path"},
        "run": {"effect": "run_code", "operands": "script", "stdin": "code:shell"},
        "wipe": {"effect": "destroy", "operands": "path"},
        "change": {"effect": "write", "operands": "path"},
        "label": {"effect": "write", "operands": "data"},
    },
    "tools": {"exec": {"adapter": "exec", "args": {"command": ["command"]}}},
}


def read(command: str, written: Written = NOTHING_WRITTEN, rules: JsonObject = RULES) -> Reading:
    return read_call(call_of("exec", {"command": command}), rules, "/workspace", written)


def test_only_files_are_remembered_as_files() -> None:
    assert read("label s").written == {}
    assert read("change s").written == {"/workspace/s": Content(None)}


def test_a_call_is_read_once() -> None:
    assert read("list a") is read("list a")
    assert read("list a") is not read("list b")
    assert read("list a") is not read("list a", rules=dict(RULES))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": 1.0}),
        ({"a": 0.0}, {"a": -0.0}),
        ({"a": None}, {"a": float("nan")}),
        ({"a": "1"}, {"a": 1}),
        ({"a": "x", "b": "y"}, {"b": "y", "a": "x"}),
        ({"a": ["x", "y"]}, {"a": ["xy"]}),
        ({"a": "\ud800"}, {"a": "?"}),
        ({"a": 2**70}, {"a": 2**70 + 1}),
    ],
)
def test_calls_that_compare_alike_are_not_the_same_call(one: Any, other: Any) -> None:
    first, second = (key_of(call_of("exec", params), "/workspace") for params in (one, other))
    assert None not in (first, second)
    assert first != second


OTHER: dict[str, Any] = {"agent": "other", "tool": "other", "params": {"a": 1}, "hints": frozenset({Hint.WRITES})}


@pytest.mark.parametrize("field", [field.name for field in fields(ToolCall)])
def test_every_field_belongs_to_the_call_but_for_what_no_fact_depends_on(field: str) -> None:
    call = call_of("exec", {})
    changed: dict[str, Any] = {field: OTHER.get(field, "other")}
    same = key_of(call, "/w") == key_of(replace(call, **changed), "/w")
    assert same == (field in {"id", "tenant", "session"})
    assert key_of(call, "/w") != key_of(call, "/v")


def test_a_call_that_may_hold_a_secret_is_not_remembered() -> None:
    rules = dict(RULES)
    call = call_of("exec", {"command": "list secret"})
    assert bare_facts_of(call, rules, "/workspace") == facts_of(call, RULES, "/workspace")
    assert len(compiled(rules).readings) == 0


def test_with_and_without_the_files_of_a_session_a_call_is_remembered() -> None:
    files = {"/workspace/both": Content("list x")}
    one, two = read("run both"), read("run both", files)
    assert read("run both") is one
    assert read("run both", files) is two


def test_equal_calls_have_one_key_however_they_were_made() -> None:
    shared = "".join(["sha", "red"])
    twice = call_of("exec", {"a": shared, "b": shared})
    once = call_of("exec", {"a": "".join(["sha", "red"]), "b": "".join(["sh", "ared"])})
    assert key_of(twice, "/w") == key_of(once, "/w")


def test_what_is_too_long_or_no_plain_value_is_read_each_time() -> None:
    deep: Any = "x"
    for _ in range(3000):
        deep = [deep]
    odd: list[Any] = ["x" * LONGEST, object(), deep]
    assert [key_of(call_of("exec", {"a": value}), "/workspace") for value in odd] == [None] * 3
    long = "list " + "x" * LONGEST
    assert read(long) is not read(long)


def test_a_reading_holds_only_while_the_files_it_saw_are_the_same() -> None:
    harmless, grave = {"/workspace/s": Content("list x")}, {"/workspace/s": Content("wipe /")}
    first = read("run s", harmless)
    assert read("run s", {**harmless, "/other": Content("x")}) is first
    second = read("run s", grave)
    assert {action.kind.value for action in second.facts.actions} >= {"destroy"}
    assert read("run s").facts not in (first.facts, second.facts)


def test_what_depends_on_which_files_there_are_is_not_remembered_beside_any() -> None:
    alone = read("change *")
    assert read("change *") is alone
    beside = read("change *", {"/workspace/s": Content("list x")})
    assert beside.written == {"/workspace/s": Content(None)}
    assert read("change *", {"/workspace/s": Content("list x")}) is not beside


def test_what_is_remembered_is_bounded() -> None:
    readings = compiled(RULES).readings
    for number in range(5000):
        read(f"list {number}")
    assert len(readings) <= 4096
