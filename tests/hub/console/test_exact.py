"""Arguments in full, by name and kind, and what an edit changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.console.exact import Argument, Change, arguments, changes, exact, steps
from safety_core.canonical import JsonObject

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_the_telling_ones_come_first() -> None:
    found = arguments({"cc": [], "body": "Hello", "retry": True, "to": "jo@customer.example", "none": None, "n": 1.5})
    assert [(one.name, one.kind) for one in found] == [
        ("to", "text"),
        ("body", "text"),
        ("cc", "list"),
        ("retry", "yes/no"),
        ("none", "nothing"),
        ("n", "number"),
    ]


def test_text_stays_as_it_is_and_the_rest_is_json() -> None:
    (one,) = arguments({"to": {"name": "Jo", "ids": [1, "2"]}})
    assert one == Argument("to", "object", '{\n  "name": "Jo",\n  "ids": [\n    1,\n    "2"\n  ]\n}')
    assert arguments({"a": "1"})[0].text == "1"


def test_references_to_secrets_are_marked() -> None:
    shown = exact("curl -H SECRET_REF(api) <x>")
    assert shown.count("reference") == 1
    assert "SECRET_REF(api)</span> &lt;x&gt;" in shown
    assert "reference" not in exact("SECRET_REF(a b) SECRET_REF()")


def test_changes_are_lines() -> None:
    before = {"to": "jo", "body": "one\ntwo\nthree", "same": [1], "gone": 1, "kind": True}
    after = {"to": "ann", "body": "one\n2\nthree", "same": [1], "new": None, "kind": 1}
    assert changes(before, after) == (
        Change("to", (("-", "jo"), ("+", "ann"))),
        Change("body", ((" ", "one"), ("-", "two"), ("+", "2"), (" ", "three"))),
        Change("new", (("+", "null"),)),
        Change("kind", (("-", "true"), ("+", "1"))),
        Change("gone", (("-", "1"),)),
    )


def test_large_texts_are_shown_one_after_the_other() -> None:
    before, after = {"body": "a\n" * 100_000 + "x"}, {"body": "b\n" + "a\n" * 50_000}
    ((name, lines),) = ((change.name, change.lines) for change in changes(before, after))
    assert (name, [mark for mark, _ in lines].count("-")) == ("body", 100_001)


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_both_versions_can_be_read_from_what_changed(old: list[str], new: list[str]) -> None:
    before, after = {"body": "\n".join(old)}, {"body": "\n".join(new)}
    for change in changes(before, after):
        assert "\n".join(line for mark, line in change.lines if mark in " -") == before["body"]
        assert "\n".join(line for mark, line in change.lines if mark in " +") == after["body"]


@given(st.dictionaries(st.text(), JSON, max_size=4), st.dictionaries(st.text(), JSON, max_size=4))
def test_nothing_is_cut_and_every_change_is_told(before: dict, after: dict) -> None:  # type: ignore[type-arg]
    assert {one.name for one in arguments(before)} == set(before)
    for one in arguments(before):
        if isinstance(before[one.name], str):
            assert one.text == before[one.name]
    assert changes(before, before) == ()
    told = {change.name for change in changes(before, after)}
    assert before.keys() ^ after.keys() <= told


def test_a_plan_is_shown_step_by_step_with_nothing_left_out() -> None:
    step: JsonObject = {
        "step": "welcome", "does": "Welcomes", "tool": "mail_send", "level": "yellow_external", "answer": "this answer",
        "arguments": {"body": "Dear Ann,\nhello", "to": "ann@example.com"}, "bound": {"digest": "ab"},
    }  # fmt: skip
    odd: JsonObject = {"step": "x", "arguments": ["odd"]}
    plan, first, second = steps({"plan": "Welcome", "steps": [step, odd]})
    assert (plan.name, plan.text) == ("plan", "Welcome")
    assert (first.name, first.kind) == ("1. welcome", "this answer")
    assert first.text.startswith("does: Welcomes\ntool: mail_send\nlevel: yellow_external\nbound: {")
    assert first.text.endswith("to: ann@example.com\nbody:\nDear Ann,\nhello")
    assert '"odd"' in second.text
    for strange in ("none", ["none"]):
        assert steps({"steps": strange}) == arguments({"steps": strange})  # type: ignore[dict-item]
