"""Words and chance are told apart alike, in C and in Python."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core._native import twin
from safety_core._native.engine import Engine
from safety_core.bundle.samples import invented
from tests.safety_core._native.conftest import ENGINES

every_engine = pytest.mark.parametrize("engine", ENGINES[:2], ids=lambda engine: engine.name)


@every_engine
def test_words_have_usual_trigrams(engine: Engine) -> None:
    assert engine.usual_share(b"authentication") > 0.8
    assert engine.usual_share(b"xqzjvkwq") == engine.usual_share(b"a1b2") == 0.0


@every_engine
def test_letters_of_words_are_counted(engine: Engine) -> None:
    assert engine.word_letters(b"theNameOfTHINGS-12 a_xqzj") == len(b"Name") + len(b"THINGS")
    assert engine.word_letters(b"") == 0


@every_engine
def test_entropy(engine: Engine) -> None:
    assert (engine.entropy(b""), engine.entropy(b"aaaa"), engine.entropy(b"abab")) == (0.0, 0.0, 1.0)
    assert engine.entropy(invented("{64 base64}").encode()) > 5


HINTING = [b"ap", b"i", b"AUT", b"h", b"to", b"KEN", b"ke", b"y", b"Lice", b"n", b"pas", b"s", b" ", b"[", b"jw", b"T"]


@every_engine
def test_names_of_secrets_are_hinted_at(engine: Engine) -> None:
    for name in (b"myApiKey", b"db_PASSWORD", b"x-webhook-url", b"salt"):
        assert engine.hinted(name)
    for name in (b"", b"monk", b"ap", b"ke\x19", b"[oken"):
        assert not engine.hinted(name)


TOKENS = (
    st.lists(st.sampled_from(HINTING)).map(b"".join)
    | st.binary(max_size=40)
    | st.text(alphabet="theTHEingINGaAbzZ09-_", max_size=60).map(str.encode)
)


@settings(max_examples=1000)
@given(token=TOKENS)
def test_both_say_the_same(token: bytes) -> None:
    for engine in ENGINES[1:]:
        assert engine.usual_share(token) == twin.usual_share(token)
        assert engine.word_letters(token) == twin.word_letters(token)
        assert engine.entropy(token) == twin.entropy(token)
        assert engine.hinted(token) == twin.hinted(token)


def test_a_table_of_the_wrong_size_is_refused() -> None:
    c: Any = importlib.import_module("safety_core._native._c")
    with pytest.raises(ValueError, match="trigram"):
        c.set_usual(b"short")
