"""One byte per character, and nothing left of how a text merely looks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.match import squeeze as module
from safety_core.match.squeeze import SENTINEL, flatten, positions, squeeze


def squeezed(text: str) -> bytes:
    return squeeze(flatten(text))


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
        "".join(chr(0xE0100 + ord(mark)) for mark in "Key42"),
        "Kéy42",
    ],
)
def test_what_looks_alike_is_the_same_squeezed(text: str) -> None:
    assert squeezed(text) == b"key42"


def test_other_letters_stay_apart_from_ascii_and_from_each_other() -> None:
    assert squeezed("жЖ漢١") != squeezed("漢жЖ١")
    assert min(squeezed("ж漢")) >= 0x80
    assert squeezed("\U000e043f") == squeezed("п")


def test_variation_selectors_and_symbols_are_dropped() -> None:
    assert squeezed("a\U000e01efb☺c\ufe0fd") == b"abcd"


def test_a_look_alike_with_an_accent_is_folded_too() -> None:
    assert squeezed("ά") == b"a"


def test_only_the_sentinel_is_a_boundary() -> None:
    assert squeezed(f"a{SENTINEL}b") == b"a\xffb"


@given(st.text())
def test_one_byte_per_character_and_a_way_back(text: str) -> None:
    flat = flatten(text)
    assert len(flat) == len(text)
    short = squeeze(flat)
    places = positions(flat)
    assert len(places) == len(short)
    assert all(squeeze(flat[place : place + 1]) == short[index : index + 1] for index, place in enumerate(places))


def test_the_memory_of_folds_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MEMO", 0)
    size = len(module._FOLD)
    assert squeezed("\U00020bb7") == squeezed("\U00020bb7")
    assert len(module._FOLD) == size
