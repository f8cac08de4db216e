"""However a stream is cut, the same leaves, and no registered secret with it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from safety_core.model.policy import Pattern
from safety_core.redact import stream as module
from safety_core.redact.redactor import Redactor
from safety_core.redact.stream import HELD, StreamRedactor
from tests.safety_core.redact.conftest import ALL, KEY, PHRASE, TOKEN, redactor
from tests.simulators.samples import invented

KNOWN = redactor(())
FULL = redactor()
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{invented('{64 base64}')}\n-----END RSA PRIVATE KEY-----"
PARTS = [*ALL.values(), "hello", "the ", "correct horse ", "correct horse\n", "(", ") ", "\n", '"', KEY[:4], "é",
         "тест ", "SECRET_REF(KEY)", "SECRET_REF(", "password = ", "tok_shop ", "-----BEGIN ", PEM]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PARTS) | st.text(max_size=6), max_size=9).map("".join)


def sent(engine: Redactor, pieces: list[str]) -> str:
    stream = StreamRedactor(engine)
    return "".join([*(stream.feed(piece) for piece in pieces), stream.end()])


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[start:end] for start, end in pairwise(ends)]


@settings(max_examples=200)
@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=12))
@example(PHRASE + PHRASE, [3, 14, 40])
def test_registered_secrets_as_they_are(text: str, places: list[int]) -> None:
    left = sent(KNOWN, cut(text, places))
    assert left == sent(KNOWN, [text])
    assert not [name for name, value in ALL.items() if value in left]


PLAIN = st.lists(
    st.sampled_from([*ALL.values(), "hello", "the ", "(", ") ", "\n", '"', "SECRET_REF(KEY)"]), max_size=15
).map(" ".join)


@settings(max_examples=200)
@given(PLAIN, st.lists(st.integers(0, 10_000), max_size=12))
def test_the_same_as_in_one_piece(text: str, places: list[int]) -> None:
    assert sent(KNOWN, cut(text, places)) == KNOWN.text(text).text


@settings(max_examples=100)
@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=12))
def test_patterns_do_not_depend_on_the_cut_either(text: str, places: list[int]) -> None:
    assert sent(FULL, cut(text, places)) == sent(FULL, [text])


def test_one_character_at_a_time() -> None:
    text = " ".join([*PARTS, *PARTS[::-1]])
    assert sent(FULL, [*text]) == sent(FULL, [text]) != text


def test_what_cannot_grow_into_a_secret_leaves_at_once() -> None:
    stream = StreamRedactor(KNOWN)
    left = [stream.feed(piece) for piece in ("Hello", " world", ", correct ", "horses", ".\n", "It")]
    assert left == ["Hello", " world", ", ", "correct horse", "", "s.\n"]
    assert stream.held == 2
    assert stream.end() == "It"
    assert stream.held == 0


def test_a_name_gives_meaning_to_a_value_that_comes_later() -> None:
    stream = StreamRedactor(FULL)
    left = "".join(stream.feed(piece) for piece in ('the "password"', ": ", '"hunt', 'er2x" is', " it")) + stream.end()
    (name,) = stream.discovered
    assert left == f'the "password": "SECRET_REF({name})" is it'
    assert stream.discovered[name].reveal() == "hunter2x"
    (finding,) = stream.findings
    assert 'the "password": "hunter2x" is it'[finding.start : finding.end] == "hunter2x"


def test_findings_are_counted_through_the_whole_stream() -> None:
    text = f"one {KEY} two {TOKEN} three {KEY}."
    stream = StreamRedactor(KNOWN)
    for mark in text:
        stream.feed(mark)
    stream.end()
    assert [text[found.start : found.end] for found in stream.findings] == [KEY, TOKEN, KEY]
    assert stream.discovered == {}


def test_a_private_key_is_held_whole() -> None:
    keys = redactor([Pattern("pem", "PEM", r"-----BEGIN[A-Z ]{1,30}-----[^-]{10,4000}-----END[A-Z ]{1,30}-----")])
    left = sent(keys, [*f"see:\n{PEM}\nthere"])
    assert left.startswith("see:\nSECRET_REF(found_pem_")
    assert left.endswith(")\nthere")


def test_a_run_without_end_is_cut_where_no_secret_goes_on() -> None:
    text = "7" * (HELD + 17) + KEY + "8" * (2 * HELD)
    for size in (1000, 997, len(text)):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        left = sent(KNOWN, pieces)
        assert left == "7" * (HELD + 17) + "SECRET_REF(KEY)" + "8" * (2 * HELD)
    stream = StreamRedactor(redactor((), EMPTY=""))
    assert len(stream.feed("7" * (HELD + 1))) == HELD


@pytest.mark.parametrize("before", range(0, 30, 3))
def test_no_secret_is_cut_at_the_bound(before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD", 50)
    text = "x" * before + KEY * 9 + "é" + PHRASE * 4
    assert sent(KNOWN, [*text]) == "x" * before + "SECRET_REF(KEY)" * 9 + "é" + "SECRET_REF(PHRASE)" * 4
