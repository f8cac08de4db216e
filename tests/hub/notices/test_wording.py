"""Hostile text is one line of text in a message: no link, no mention, no markup, nothing hidden."""

from __future__ import annotations

import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.notices.push import payload
from hub.notices.wording import Message, plain, question
from tests.simulators.hub import question as asked


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("mail.send", "mail.send"),
        ("a\r\nb\tc", "a b c"),
        ("[Approve](https://evil.example)", "(Approve)(https: //evil.example)"),
        ("<https://evil.example|Approve>", "‹https: //evil.example¦Approve›"),
        ("HTTPS://evil.example", "HTTPS: //evil.example"),
        ("www.evil.example", "www .evil.example"),
        ("ſ://evil.example", "ſ: //evil.example"),
        ("a" * 200 + ":x@evil.example", "a" * 200 + ": x@evil.example"),
        ("@everyone and @Here", "@ everyone and @ Here"),
        ("kim@shop.example", "kim@shop.example"),
        ("mailto:kim@shop.example", "mailto: kim@shop.example"),
        ("a\u202eb\u200bc\x00", "a<U+202E>b<U+200B>c<U+0000>".translate(str.maketrans("<>", "‹›"))),
        ("`rm` *now*", "'rm' ∗now∗"),
    ],
)
def test_what_looks_like_something_to_a_receiver_is_taken_apart(said: str, shown: str) -> None:
    assert plain(said) == shown


@given(st.text(max_size=500))
def test_any_text_becomes_one_short_visible_line(said: str) -> None:
    line = plain(said, 80)
    assert len(line) <= 80
    assert line.isprintable()
    assert not set(line) & set("<>[]`*|\r\n")
    assert "://" not in line


@pytest.mark.parametrize("said", ["a", "a:", "http", "x" * 30 + ":", "www.", "@"])
def test_long_text_takes_time_as_it_is_long(said: str) -> None:
    """Twice as much of it must not take four times as long: the hub serves nobody else meanwhile."""

    def took(length: int) -> float:
        text = (said * length)[:length]
        return min(timeit.repeat(lambda: plain(text, length), number=1, repeat=5))

    assert took(40_000) < 40 * took(4_000)


def test_long_lists_are_counted() -> None:
    message = question(asked(recipients=tuple(f"r{index}@shop.example" for index in range(40))), 0, 0, "u", detail=True)
    assert message.lines[0].endswith("r4@shop.example and 35 more")


def test_a_pushed_message_fits_whatever_is_in_it() -> None:
    message = Message(
        "t" * 200, tuple("ä" * 300 for _ in range(10)), "https://hub.example/a/" + "x" * 43, "t" * 32, True
    )
    assert len(payload(message)) < 3_900
