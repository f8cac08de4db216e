"""Samples of patterns: read from the sources, with their places; marks become invented secrets, or are refused."""

from __future__ import annotations

import re

import pytest

from safety_core.bundle.samples import LARGEST, Sample, invented, samples_of
from safety_core.errors import PolicyError

SOURCES = {
    "patterns/b.yaml": b"patterns:\n  - id: two\n    must_match:\n      - first\n      - second\n",
    "patterns/a.yaml": b"patterns:\n  - id: one\n    must_match: [x]\n    must_not_match:\n      - y\n",
    "patterns/readme.md": b"patterns",
    "hosts.yaml": b"{}",
}


def test_samples_come_in_the_order_of_the_patterns_with_their_places() -> None:
    assert list(samples_of(SOURCES)) == [
        Sample(0, "patterns/a.yaml:3", "x", must_match=True),
        Sample(0, "patterns/a.yaml:5", "y", must_match=False),
        Sample(1, "patterns/b.yaml:4", "first", must_match=True),
        Sample(1, "patterns/b.yaml:5", "second", must_match=True),
    ]


@pytest.mark.parametrize("text", [b"patterns: {}", b"patterns: [word]"])
def test_what_is_no_pattern_has_no_samples(text: bytes) -> None:
    assert not list(samples_of({"patterns/a.yaml": text}))


@pytest.mark.parametrize("wrong", [b"must_match: word", b"must_not_match: [1]"])
def test_samples_are_texts(wrong: bytes) -> None:
    with pytest.raises(PolicyError, match=r"patterns/a\.yaml:2: must(_not)?_match must be a list of texts"):
        list(samples_of({"patterns/a.yaml": b"patterns:\n  - {id: one, " + wrong + b"}\n"}))


def test_a_mark_becomes_as_many_characters_and_other_braces_stay() -> None:
    assert len(invented("{20 digit}")) == 20
    assert invented("{20 digit}").isdigit()
    assert invented("{20 digit}") == invented("{20 digit}") != invented("{}{20 digit}")
    assert invented('{"a": {1}} {a b} {20} ${jwt_of} {{}{') == '{"a": {1}} {a b} {20} ${jwt_of} {{'


@pytest.mark.parametrize(
    ("mark", "form"),
    [
        ("{github}", "[0-9A-Za-z]{36}"),
        ("{jwt}", r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}"),
        ("{tunnel}", "eyJ[A-Za-z0-9+/]+={0,2}"),
        ("{wif}", "5[1-9A-HJ-NP-Za-km-z]{50}"),
        ("{nats}", "SU[A-Z2-7]{56}"),
        ("{stellar}", "S[A-Z2-7]{55}"),
    ],
)
def test_a_name_becomes_a_token_of_its_kind(mark: str, form: str) -> None:
    assert re.fullmatch(form, invented(mark))


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        ("key {20 foo}", r"\{20 foo\}: names an alphabet that does not exist\. Fix: one of alnum, alpha"),
        ("key {20 alnum", r"\{20 alnum: is a mark without its end\. Fix: write \} after it"),
        ("{20 alnum {20 alnum}", r"\{20 alnum: is a mark without its end"),
        ("ghp_{github", r"\{github: is a mark without its end"),
        (f"{{{LARGEST + 1} hex}}", "asks for more than 100000 characters"),
        ("{99999999999999999999 hex}", "asks for more than"),
    ],
)
def test_a_mark_that_is_none_is_named(sample: str, told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        invented(sample)
