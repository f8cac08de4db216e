"""Needles without what they look for: they find every spelling, and hold none."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.samples import characters
from safety_core.match.one_way import WINDOW, OneWayNeedle, digest_of, filter_of, one_way_needles
from safety_core.model.secret import SecretName, SecretValue

KEY = bytes(range(16))
NAME = SecretName("JAM")
VALUES = st.text(min_size=8, max_size=60).filter(lambda text: not set(text) & {*"\ud800"})

SPELLINGS: dict[str, Callable[[str], str]] = {
    "itself": str,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 one byte on": lambda value: base64.b64encode(b"x" + value.encode()).decode(),
    "base64 two bytes on": lambda value: base64.b64encode(b"xy" + value.encode() + b"zz").decode(),
    "base64url": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "base64url one byte on": lambda value: base64.urlsafe_b64encode(b"x" + value.encode()).decode(),
    "base64url two bytes on": lambda value: base64.urlsafe_b64encode(b"xy" + value.encode()).decode(),
    "base32": lambda value: base64.b32encode(value.encode()).decode(),
    "hex": lambda value: value.encode().hex(),
    "HEX": lambda value: value.encode().hex().upper(),
    "percent": lambda value: quote(value, safe=""),
    "percent, in lower case": lambda value: "".join(f"%{byte:02x}" for byte in value.encode()),
    "a form": quote_plus,
    "a path": quote,
    "JSON": json.dumps,
    "JSON in Unicode": lambda value: json.dumps(value, ensure_ascii=False),
    "JSON in JSON": lambda value: json.dumps(json.dumps({"k": value})),
    "HTML": html.escape,
}


def found_in(text: str, needles: tuple[OneWayNeedle, ...], key: bytes = KEY) -> str:
    """Do as the module's head tells the plugin to do: the reference that the plugin's own matcher is written from."""
    raw = text.encode()
    by_filter: dict[int, dict[int, dict[str, OneWayNeedle]]] = {}
    for needle in needles:
        by_filter.setdefault(needle.filter, {}).setdefault(needle.length, {})[needle.digest] = needle
    out, at = b"", 0
    while at < len(raw):
        lengths = by_filter.get(filter_of(raw[at : at + WINDOW], key), {}) if at + WINDOW <= len(raw) else {}
        fitting = sorted((length for length in lengths if at + length <= len(raw)), reverse=True)
        hits = (lengths[length].get(digest_of(raw[at : at + length], key)) for length in fitting)
        hit = next((needle for needle in hits if needle), None)
        out += raw[at : at + 1] if hit is None else str(hit.to_json()["ref"]).encode()
        at += 1 if hit is None else hit.length
    return out.decode("utf-8", "replace")


def test_the_example_of_the_documentation() -> None:
    (needle, *_) = one_way_needles(NAME, SecretValue("plum-jam 4711"), KEY)
    assert needle.to_json() == {
        "n": 13,
        "f": 896017,
        "h": "ca0f8d0fefd753faec0fe59c821b7666",
        "ref": "SECRET_REF(JAM)",
    }


def test_the_filter_rolls_as_the_documentation_says() -> None:
    word, multiplier, scale = 2**32, 50462981, 117835013
    text = b"plum-jam 4711"
    rolled = 71142775
    for at in range(len(text) - WINDOW):
        assert rolled * scale % word >> 12 == filter_of(text[at : at + WINDOW], KEY)
        rolled = ((rolled - text[at] * multiplier**7) * multiplier + text[at + WINDOW]) % word


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(VALUES, st.text(alphabet="abc ,\n", max_size=9))
def test_every_spelling_is_found(spelling: str, value: str, around: str) -> None:
    needles = one_way_needles(NAME, SecretValue(value), KEY)
    text = SPELLINGS[spelling](value)
    assert "SECRET_REF(JAM)" in found_in(f"{around}{text}{around}", needles)


@given(VALUES, st.binary(min_size=16, max_size=16))
def test_no_needle_holds_a_value(value: str, key: bytes) -> None:
    needles = one_way_needles(NAME, SecretValue(value), key)
    told = json.dumps([needle.to_json() for needle in needles])
    random = value.encode().hex()
    assert random not in told
    assert repr(needles).count("JAM") == len(needles)
    for needle in needles:
        assert set(needle.to_json()) == {"n", "f", "h", "ref"}
        assert len(needle.digest) == 32
        assert 0 <= needle.filter < 2**20


def test_another_key_makes_other_needles() -> None:
    value = SecretValue(characters(24, "alnum", "another key"))
    ours, theirs = one_way_needles(NAME, value, KEY), one_way_needles(NAME, value, KEY[::-1])
    assert not {needle.digest for needle in ours} & {needle.digest for needle in theirs}
    assert value.reveal() in found_in(value.reveal(), theirs)


@given(VALUES)
def test_every_needle_has_a_whole_window(value: str) -> None:
    assert all(needle.length >= WINDOW for needle in one_way_needles(NAME, SecretValue(value), KEY))


def test_a_short_secret_has_no_needle_in_any_spelling() -> None:
    """Its hash could be guessed: there are not many."""
    assert one_way_needles(NAME, SecretValue("q7-Zk9w"), KEY) == ()
    assert one_way_needles(NAME, SecretValue("q7-Zk9w4"), KEY)


def test_of_two_that_begin_alike_the_longer_counts() -> None:
    value = characters(24, "alnum", "longer")
    both = (
        *one_way_needles(SecretName("SHORT"), SecretValue(value[:12]), KEY),
        *one_way_needles(SecretName("LONG"), SecretValue(value), KEY),
    )
    assert found_in(f"({value}) ({value[:12]})", both) == "(SECRET_REF(LONG)) (SECRET_REF(SHORT))"


def test_ordinary_text_stays_as_it_is() -> None:
    needles = one_way_needles(NAME, SecretValue(characters(24, "alnum", "ordinary")), KEY)
    text = "The jam of the plums of 2031 is ready for the shop. " * 40
    assert found_in(text, needles) == text
