"""Texts and values without their secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import InputError, UnscannableError
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.finding import FindingKind
from safety_core.redact import redactor as module
from tests.safety_core.redact.conftest import ALL, KEY, NUMBER, QUOTED, TOKEN, redactor

CLEAN = redactor()


def test_a_clean_text_is_the_same_object() -> None:
    text = "nothing to see"
    assert CLEAN.text(text).text is text
    assert CLEAN.text(text).findings == ()


def test_a_registered_secret_becomes_its_reference_and_is_not_discovered() -> None:
    clean = CLEAN.text(f"use {KEY} now")
    assert clean.text == "use SECRET_REF(KEY) now"
    assert [(f.kind, f.rule, f.start, f.end, f.name) for f in clean.findings] == [
        (FindingKind.REGISTERED, "registered", 4, 24, "KEY")
    ]
    assert clean.discovered == {}


def test_what_a_pattern_finds_is_discovered_under_a_name_of_its_own() -> None:
    clean = CLEAN.text("a tok_shop b tok_bank c tok_shop")
    first, second, third = clean.findings
    assert first.name == third.name != second.name
    assert first.name.startswith("found_tok_")
    assert {name: value.reveal() for name, value in clean.discovered.items()} == {
        first.name: "tok_shop",
        second.name: "tok_bank",
    }
    assert clean.text == f"a SECRET_REF({first.name}) b SECRET_REF({second.name}) c SECRET_REF({first.name})"


def test_names_are_the_tenants_own() -> None:
    names = {redactor(key=key).text("tok_shop").findings[0].name for key in (b"a" * 32, b"a" * 32, b"b" * 32)}
    assert len(names) == 2


def test_other_secrets_for_the_same_tenant() -> None:
    other = CLEAN.with_matcher(Matcher(Registry({}), PatternSet([])))
    assert other.text(KEY).text == KEY


def test_values_keep_their_shape() -> None:
    value: Any = {"a": [1, None, True, f"x {KEY}"], KEY: 2.5, "password": "hunter2x", "n": int(NUMBER)}
    clean = CLEAN.value(value)
    name = next(iter(clean.discovered))
    assert clean.value == {
        "a": [1, None, True, "x SECRET_REF(KEY)"],
        "SECRET_REF(KEY)": 2.5,
        "password": f"SECRET_REF({name})",
        "n": "SECRET_REF(NUMBER)",
    }
    assert clean.discovered[name].reveal() == "hunter2x"
    assert len(clean.findings) == 4


def test_a_clean_value_is_the_same_object() -> None:
    value: Any = {"a": [1, {"b": "c"}]}
    assert CLEAN.value(value).value is value


def test_what_was_discovered_is_the_value_not_its_escapes() -> None:
    clean = redactor(TOKEN=TOKEN).value({"t": 'x"password": "zq7\u00e9\u00e9kx" y'})
    assert [value.reveal() for value in clean.discovered.values()] == ["zq7ééKx".lower()]


def test_two_keys_that_would_become_one_are_refused() -> None:
    with pytest.raises(UnscannableError, match="same key"):
        CLEAN.value({KEY: 1, "-".join(KEY): 2})


def test_what_is_no_json_or_too_deep_is_refused() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(UnscannableError):
        CLEAN.value(deep)
    with pytest.raises(UnscannableError):
        CLEAN.value({"a": {1, 2}})  # type: ignore[dict-item]


def test_what_shows_only_when_a_number_has_become_a_string_is_found_at_once() -> None:
    value: Any = {"password": [0, int(NUMBER)]}
    clean = CLEAN.value(value)
    assert clean.value["password"][1] == "SECRET_REF(NUMBER)"  # type: ignore[call-overload, index]
    assert CLEAN.value(clean.value).value is clean.value
    assert len(clean.findings) == 2


def test_numbers_that_give_each_other_away_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PASSES", 1)
    with pytest.raises(UnscannableError, match="passes"):
        CLEAN.value({"password": [0, int(NUMBER)]})


KEYS = st.text(max_size=6) | st.sampled_from(["password", KEY])
PLANTED = [*ALL.values(), f"say {QUOTED}", json.dumps({"password": TOKEN}), int(NUMBER), "SECRET_REF(KEY)"]
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=10) | st.sampled_from(PLANTED),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_no_known_secret_survives_and_redacting_again_changes_nothing(value: Any) -> None:
    clean = CLEAN.value(value).value
    leaves = json.dumps(clean, ensure_ascii=False)
    assert not [name for name, secret in ALL.items() if json.dumps(secret, ensure_ascii=False)[1:-1] in leaves]
    assert CLEAN.value(clean).value is clean


@given(
    st.lists(
        st.sampled_from([*ALL.values(), "SECRET_REF(KEY)", "tok_shop", " ", "x", '"']) | st.text(max_size=5), max_size=9
    )
)
def test_text_is_idempotent(parts: list[str]) -> None:
    once = CLEAN.text("".join(parts)).text
    assert CLEAN.text(once).text == once
    assert not [name for name, secret in ALL.items() if secret in once]


def test_a_key_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(InputError, match=r"tenant key: is shorter than 16 bytes\. Fix: keep one: secrets\.token_bytes"):
        redactor(key=b"k" * 15)
    assert redactor(key=b"k" * 16).text("nothing").text == "nothing"


def test_what_recurs_is_scanned_once_while_it_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    known = redactor(TOKEN=TOKEN)
    scanned: list[str] = []
    scan = module.Redactor.text

    def counted(self: module.Redactor, text: str) -> Any:
        scanned.append(text)
        return scan(self, text)

    monkeypatch.setattr(module.Redactor, "text", counted)
    monkeypatch.setattr(module, "REMEMBERED", 2)
    assert [known.recurring(text).text for text in ("/a", "/b", "/a", "/b")] == ["/a", "/b", "/a", "/b"]
    assert scanned == ["/a", "/b"]
    assert known.recurring("/c").text == "/c"  # the third: what was remembered is forgotten
    assert known.recurring("/a").text == "/a"
    assert scanned == ["/a", "/b", "/c", "/a"]
    for _ in range(2):
        assert known.recurring(f"/{TOKEN}").text == "/SECRET_REF(TOKEN)"
        known.recurring("x " * module.REMEMBERED_LENGTH)
    assert len(scanned) == 8


def test_a_redactor_that_knows_more_remembers_nothing() -> None:
    plain, words = redactor(TOKEN=TOKEN), "correct horse battery"
    assert plain.recurring(f"say {words}").text == f"say {words}"
    knowing = plain.with_matcher(redactor(WORDS=words).matcher)
    assert knowing.recurring(f"say {words}").text == "say SECRET_REF(WORDS)"
