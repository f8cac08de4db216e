"""A tenant may tell anything: what is shown is text, and numbers, of a bounded length."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo_pool.front.render import left, page, references, shown
from demo_pool.front.telling import MOST, TEXT, read

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["chapters", "outbox", "received", "invite", "steps", "level", "status", "id", "question", "at"]
)


def rendered(told: dict[str, Any]) -> str:
    values = {
        "told": read(told),
        "console": "https://x.demo.example",
        "questions": "https://x.demo.example/questions/b",
    }
    return bytes(page("story.html", **values).body).decode()


@settings(max_examples=40)
@given(st.dictionaries(NAMES, JSON | st.lists(st.dictionaries(NAMES, JSON))))
def test_anything_can_be_shown(told: dict[str, Any]) -> None:
    assert "What left" in rendered(told)


@pytest.mark.parametrize("field", ["title", "says", "said", "received"])
def test_markup_is_text(field: str) -> None:
    page_text = rendered({"chapters": [{"id": 1, field: "<script>alert(1)</script>", "steps": []}]})
    assert "<script" not in page_text
    assert "&lt;script" in page_text


def test_a_step_cannot_lead_anywhere_else() -> None:
    step = {"status": "pending", "question": "../../sign-out", "level": '"><img src=x>', "does": "x"}
    page_text = rendered({"chapters": [{"steps": [step]}]})
    assert "sign-out" not in page_text
    assert "<img" not in page_text


def test_there_is_an_end_to_it() -> None:
    told = read({"chapters": [{"says": "x" * 10_000, "steps": [{}] * 1000}] * 1000, "outbox": [{}] * 1000})
    assert len(told.chapters) == len(told.outbox) == len(told.chapters[0].steps) == MOST
    assert len(told.chapters[0].says) == TEXT


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (7200, "2 hours"),
        (3600, "1 hour"),
        (3700, "1 h 1 min"),
        (3599, "59 min"),
        (59, "less than a minute"),
        (-5, "less"),
    ],
)
def test_how_long_it_lasts(seconds: float, words: str) -> None:
    assert left(seconds).startswith(words)


def test_references_are_marked_and_what_cannot_be_seen_is_shown() -> None:
    text = "key = SECRET_REF(shop_key)\u202e<b>\x00"
    assert shown(text) == 'key = <mark class="reference">SECRET_REF(shop_key)</mark>[U+202E]&lt;b&gt;[U+0000]'
    assert references(text + text) == ["SECRET_REF(shop_key)"]
