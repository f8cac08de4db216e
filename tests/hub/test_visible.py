"""Two texts that look alike are alike: what cannot be seen is written out."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from hub.visible import hidden, visible, visible_text

INVISIBLE = (
    "\u200b\u200d\u2060\ufeff\u00ad\u034f\u3164\u2800\ufe0f\U000e0041\u202e\u2066\u2028\x00\x1b\x7f\r\u00a0\u3000\ue000"
)


@pytest.mark.parametrize("mark", INVISIBLE, ids=lambda mark: f"{ord(mark):04X}")
def test_what_cannot_be_seen_is_written_out(mark: str) -> None:
    assert f"U+{ord(mark):04X}" in visible(f"a{mark}b")
    assert mark not in visible(f"a{mark}b")
    assert visible_text(f"a{mark}b") == f"a<U+{ord(mark):04X}>b"


@pytest.mark.parametrize("text", ["plain text", "Grüße, Ольга, 日本, שלום", "two\nlines\twith a tab", "😀"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert visible(text) == text
    assert visible_text(text) == text


def test_html_is_escaped_unless_it_is_ours() -> None:
    assert visible("<b>&\"'") == "&lt;b&gt;&amp;&#34;&#39;"
    assert visible(Markup("<b>ours</b>")) == "<b>ours</b>"
    assert visible(12) == "12"


def test_many_of_one_are_counted() -> None:
    assert Markup(visible("a" + "\u200b" * 300 + "b")).striptags() == "aU+200B ×300b"
    assert len(visible("a\u202e" * 1000)) < 50 * 1000


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    shown = Markup(visible(text)).striptags()
    assert not any(hidden(mark) for mark in shown)
    assert not any(unicodedata.category(mark) == "Cf" for mark in visible_text(text))
