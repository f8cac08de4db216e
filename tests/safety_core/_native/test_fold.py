"""One byte per character, and nothing left of how a text merely looks: in C and in Python alike."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core._native import twin as module
from safety_core._native.engine import Engine
from safety_core._native.fold import BOUNDARY, fold, fold_page
from tests.safety_core._native.conftest import ENGINES

pytestmark = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)


def squeezed(engine: Engine, text: str) -> bytes:
    return engine.squeeze(engine.flatten(text))


@pytest.mark.parametrize(
    "text",
    [
        "Key-42",
        "K e y\n4\t2",
        "ＫＥＹ４２",
        "𝙺𝚎𝚢𝟺𝟸",
        "K\u200de\u200by\u20634\u180e2",
        "Ке\u04434\u03012",
        "K\u0336e\u0336y\u03364\u03362\u0336",
        "".join(chr(0xE0000 + ord(mark)) for mark in "Key42"),
        "".join(chr(0xE0100 + ord(mark) - 16) for mark in "Key42"),
        "🅺🅴🆈42",
        "🇰🇪🇾42",
        "⒦⒠⒴42",
        "ᴋᴇʏ42",
        "Ꮶ\u3164Ꭼ\u2800Ꭹ42",
        "Kéy42",
    ],
)
def test_what_looks_alike_is_the_same_squeezed(engine: Engine, text: str) -> None:
    assert squeezed(engine, text) == b"key42"


def test_other_letters_stay_apart_from_ascii_and_from_each_other(engine: Engine) -> None:
    assert squeezed(engine, "жЖ漢١") != squeezed(engine, "漢жЖ١")
    assert min(squeezed(engine, "ж漢")) >= 0x80
    assert squeezed(engine, "\U000e043f") == squeezed(engine, "п")


def test_variation_selectors_and_symbols_are_dropped(engine: Engine) -> None:
    assert squeezed(engine, "a\U000e01efb☺c\ufe0fd") == b"abcd"


def test_a_look_alike_with_an_accent_is_folded_too(engine: Engine) -> None:
    assert squeezed(engine, "ά") == b"a"


def test_no_character_is_a_boundary(engine: Engine) -> None:
    assert BOUNDARY not in engine.flatten("".join(map(chr, range(0x3000))) + "\ufdd0\uffff\U0010ffff")


@given(text=st.text())
def test_one_byte_per_character_and_a_way_back(engine: Engine, text: str) -> None:
    flat = engine.flatten(text)
    assert flat == bytes(fold(ord(mark)) for mark in text)
    short = engine.squeeze(flat)
    places = array("I", engine.positions(flat))
    assert len(places) == len(short)
    assert all(engine.squeeze(flat[place : place + 1]) == short[at : at + 1] for at, place in enumerate(places))


def test_half_a_surrogate_pair_is_survived(engine: Engine) -> None:
    assert squeezed(engine, "a\ud800b") == b"ab"


def test_a_page_is_256_characters(engine: Engine) -> None:
    assert engine.flatten("".join(map(chr, range(0x400, 0x500)))) == fold_page(4)


def test_the_memory_of_folds_is_bounded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MEMO", 0)
    size = len(module._FOLD)
    assert squeezed(engine, "\U00020bb7") == squeezed(engine, "\U00020bb7")
    assert len(module._FOLD) == size
