"""A secret value shows nothing, whichever way somebody prints it."""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.canonical import Json
from safety_core.errors import InputError
from safety_core.model.secret import (
    SecretName,
    SecretValue,
    new_secret_name,
    reference,
    references,
    refs_in,
    secret_name,
)

PLAIN = "plainly-invented-" + "value"


def test_no_way_of_printing_shows_it() -> None:
    value = SecretValue(PLAIN)
    shown = [str(value), repr(value), f"{value}", f"{value!r:>40}", f"{[value]} { ({'k': value}) }", "%s" % value]  # noqa: UP031
    assert not any("invented" in text for text in shown)
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("attempt", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
def test_it_cannot_be_serialised_or_copied(attempt: object) -> None:
    with pytest.raises(TypeError) as caught:
        attempt(SecretValue(PLAIN))  # type: ignore[operator]
    assert "invented" not in "".join(traceback.format_exception(caught.value))


def test_it_compares_by_value_and_only_with_its_like() -> None:
    assert SecretValue(PLAIN) == SecretValue(PLAIN)
    assert SecretValue(PLAIN) != PLAIN
    assert len({SecretValue(PLAIN), SecretValue(PLAIN), SecretValue("other")}) == 2
    assert SecretValue(PLAIN).reveal() == PLAIN


def test_a_reference_is_found_again() -> None:
    name = secret_name("shop.api-key_2")
    text = f"use {reference(name)} and SECRET_REF(b), then {reference(name)}; not SECRET_REF(1x) or SECRET_REF()"
    assert references(text) == (name, "b")


@pytest.mark.parametrize("name", ["", "1st", "a b", "a" * 65, "é", "a)", "a\n"])
def test_names_that_would_need_escaping_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="begin with a letter"):
        secret_name(name)


A, B = SecretName("a"), SecretName("b")
words = st.sampled_from(["x", "SECRET_REF(a)", "y SECRET_REF(b) SECRET_REF(a)", ""])
values = st.recursive(
    words | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=50)
@given(values)
def test_every_reference_is_found_wherever_it_stands(value: Json) -> None:
    assert set(refs_in(value)) == {name for name in (A, B) if f"SECRET_REF({name})" in repr(value)}


def test_references_come_in_order_and_once() -> None:
    assert refs_in({"SECRET_REF(b)": ["SECRET_REF(a)", "SECRET_REF(b)"]}) == (B, A)


def test_a_new_secret_is_not_called_as_the_earlier_value_of_another() -> None:
    assert new_secret_name("shop.key") == "shop.key"
    with pytest.raises(InputError, match=r"must not end in \.previous"):
        new_secret_name("shop.previous")
