"""However a stream is cut, the same leaves, and no registered secret with it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from safety_core.bundle.samples import invented
from safety_core.match.matcher import Matcher
from safety_core.model.policy import Pattern
from safety_core.model.secret import SecretName, SecretValue
from safety_core.redact import stream as module
from safety_core.redact.redactor import Redactor
from safety_core.redact.stream import HELD, StreamRedactor
from tests.safety_core.redact.conftest import ALL, KEY, PHRASE, TOKEN, redactor

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


def test_a_secret_of_marks_alone_is_held_too() -> None:
    marks = redactor((), MARKS="(!)?(!)[;", MORE="!?!?=!?", OTHER="((plain-secret-1))")
    for text in ("see (!)?(!)[; there", "see (!)?(!)", "a ((plain-secret-1)) b", "((plain (!)?(", "it !?!?=!? is"):
        left = sent(marks, [*text])
        assert left == sent(marks, [text]) == marks.text(text).text
    stream = StreamRedactor(marks)
    assert [stream.feed(piece) for piece in ("see (!)", "?(!)[", ";. ")] == ["see ", "", "SECRET_REF(MARKS). "]


def test_a_number_in_groups_is_one_number() -> None:
    cards = redactor([Pattern("card", "Card", r"[0-9]{4}(?: [0-9]{4}){3}")])
    left = sent(cards, [*"pay 4539 1488 0343 6467 in 2026 or 1234 5678."])
    assert left.startswith("pay SECRET_REF(found_card_")
    assert left.endswith(") in 2026 or 1234 5678.")


def test_a_secret_of_many_words_is_held_to_the_end_of_its_line() -> None:
    phrases = redactor([Pattern("phrase", "Phrase", r"phrase: ((?:[a-z]{3,8} ){11}[a-z]{3,8})", 1)])
    stream = StreamRedactor(phrases)
    assert stream.feed("The phrase: " + "word " * 11) == "The phrase:"
    assert stream.feed("word\nand ").startswith(" SECRET_REF(found_phrase_")
    assert stream.feed("more text. ") == "more text. "


def test_a_url_leaves_though_a_name_stands_before_it() -> None:
    stream = StreamRedactor(FULL)
    assert stream.feed("password = https://example.com/path").endswith("https://example.com/path")


@pytest.mark.parametrize(
    "text",
    ["x7" * 9000, "ab" * 9000, "Aa" * 9000, KEY[:-1] * 900, "SECRET_REF(" * 2000, "-----BEGIN " * 2000, "the " * 5000,
     "-----BEGIN RSA PRIVATE KEY-----\n" + "Ab9+ " * 4000, "PuTTY-User-Key-File-2:" + " x" * 9000, "1234 " * 4000],
)  # fmt: skip
def test_whatever_comes_what_is_held_is_bounded(text: str) -> None:
    stream = StreamRedactor(FULL)
    longest = 0
    left = []
    for at in range(0, len(text), 50):
        left.append(stream.feed(text[at : at + 50]))
        longest = max(longest, stream.held)
    assert longest <= HELD + 50 + len(PHRASE)
    left.append(stream.end())
    assert "".join(left) == sent(FULL, [text])
    assert "".join(left) == text or stream.findings


def test_of_a_token_that_begins_like_a_word_the_rest_has_a_name_of_its_own() -> None:
    token = "hello" + invented("{36 alnum}")
    stream = StreamRedactor(KNOWN)
    left = stream.feed(f"it is {token} ") + stream.end()
    (name,) = stream.discovered
    value = stream.discovered[name].reveal()
    assert left == f"it is {token.removesuffix(value)}SECRET_REF({name}) "
    assert len(value) >= 34
    assert name != next(iter(KNOWN.text(token).discovered))


def test_at_the_bound_a_secret_waits_for_another_that_begins_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD", 10)
    stream = StreamRedactor(redactor((), ONE="abcdefghij0123456789", TWO="56789qwertz"))
    left = [stream.feed(piece) for piece in ("abcdefghij0123456789", "qw", "x")]
    assert left == ["", "", "SECRET_REF(ONE)qwx"[:15]]
    assert stream.end() == "qwx"


def test_a_secret_that_has_just_been_registered_is_followed() -> None:
    engine = redactor((), OLD="old-secret-1234")
    assert sent(engine, ["new-sec", "ret-5678"]) == "new-secret-5678"
    registry = engine.matcher.registry.with_secret(SecretName("NEW"), SecretValue("new-secret-5678"))
    newer = engine.with_matcher(Matcher(registry, engine.matcher.patterns))
    assert sent(newer, ["new-sec", "ret-5678"]) == "SECRET_REF(NEW)"
    assert sent(newer, ["old-sec", "ret-1234"]) == "SECRET_REF(OLD)"
