"""Escapes are undone, in C and in Python alike."""

from __future__ import annotations

import html
import quopri
import urllib.parse
from array import array

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from safety_core._native import twin
from safety_core._native.engine import Engine
from safety_core._native.neighbourhood import FAR, NEAR
from tests.safety_core._native.conftest import ENGINES

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
TEXT = "Key-42 is: zq7"


def undone(engine: Engine, text: str) -> bytes:
    """Undo what there is, again and again."""
    flat = twin.flatten(text)
    while (found := engine.unescaped(flat)) is not None:
        flat = found[0]
    return flat


@every_engine
@pytest.mark.parametrize(
    "text",
    [
        "".join(f"\\u{ord(mark):04x}" for mark in TEXT),
        "".join(f"\\\\u{ord(mark):04X}" for mark in TEXT),
        "".join(f"\\u{{{ord(mark):x}}}" for mark in TEXT),
        "".join(f"\\U{ord(mark):08x}" for mark in TEXT),
        "".join(f"\\{ord(mark):06x}" for mark in TEXT),
        "".join(f"\\x{ord(mark):02x}" for mark in TEXT),
        "".join(f"\\{ord(mark):03o}" for mark in TEXT),
        "".join(f"%{ord(mark):02X}" for mark in TEXT),
        "".join(f"%u{ord(mark):04X}" for mark in TEXT),
        "".join(f"Chr({ord(mark)})" for mark in TEXT),
        "".join(f"CHAR({ord(mark)})" for mark in TEXT),
        "".join(f"chrw({ord(mark)})" for mark in TEXT),
        "\x1b[1;31mKey-42\x1b[0m is: \x1b[Kzq7",
        "".join(f"%2525{ord(mark):02x}" for mark in TEXT),
        "".join(f"&#{ord(mark)};" for mark in TEXT),
        "".join(f"&#x{ord(mark):x};" for mark in TEXT),
        "".join(f"&#38;#{ord(mark)};" for mark in TEXT),
        "".join(f"={ord(mark):02X}" for mark in TEXT),
        "".join(f"U+{ord(mark):04X} " for mark in TEXT),
        ", ".join(f"0x{ord(mark):02x}" for mark in TEXT),
        "Key&#45;42&nbsp;is&colon; zq7",
        "Key-<b>42</b> <!-- no -->is: zq7",
        "Key-q\x0842q\x08 is: zq7",
        "K\u200bey\u2060-42 is: zq7",
    ],
)
def test_escapes(engine: Engine, text: str) -> None:
    assert undone(engine, text) == TEXT.encode()


@every_engine
def test_bytes_of_one_character_go_together(engine: Engine) -> None:
    assert undone(engine, urllib.parse.quote("ключ é")) == twin.flatten("ключ é")
    assert undone(engine, "".join(f"\\x{byte:02x}" for byte in "ключ".encode())) == twin.flatten("ключ")
    assert undone(engine, quopri.encodestring("ключ".encode()).decode()) == twin.flatten("ключ")
    assert undone(engine, html.escape("a<b>&\"'")) == b"a&\"'"
    assert undone(engine, "%FF%FEb") == b"\x01b"


@every_engine
@pytest.mark.parametrize(
    "text",
    ["a=1&b=2", "50% of 100%", "x < y > z", "C:\\Games\\quake", "key=AB", "0xdeadbeef", "U+", "&nosuch;", "<!--x"],
)
def test_what_is_no_escape_stays(engine: Engine, text: str) -> None:
    assert engine.unescaped(text.encode()) is None


@every_engine
@pytest.mark.parametrize("form", ["{:08x}: {:<41} {}", "{:08x}: {:<41} ", "{:08x}  {:<50}|{}|", "{:07x} {}"])
def test_lines_of_a_dump_go_together(engine: Engine, form: str) -> None:
    lines = [form.format(16 * row, b"0123456789abcdef".hex(" ", 2), "0123  6789abcdef") for row in range(3)]
    undone_text = undone(engine, "\n".join(lines)).replace(b" ", b"")
    assert b"0123456789abcdef".hex().encode() * 3 in undone_text


@every_engine
def test_control_escapes_and_impossible_characters(engine: Engine) -> None:
    assert undone(engine, r"a\nb\tc\"d\\ne\f") == b'a\nb\tc"d\ne'
    assert undone(engine, r"a\ud800b\u0000c\u{110000}") == b"abc"
    assert undone(engine, r"\\\\q") == rb"\q"


@every_engine
def test_only_the_neighbourhood_comes_back(engine: Engine) -> None:
    before, after = b"a" * FAR + b" " + b"b" * NEAR, b"c" * NEAR + b"d" * 7 + b" " + b"e" * 300
    found = engine.unescaped(before + b"%41" + after)
    assert found is not None
    assert found[0] == b"\xff" + b"b" * NEAR + b"A" + b"c" * NEAR + b"d" * 7 + b"\xff"
    assert array("I", found[1]).tolist() == [
        *(0, 1, 0, FAR + 1),
        *(1 + NEAR, 2 + NEAR, FAR + 1 + NEAR, FAR + 4 + NEAR),
        *(9 + NEAR * 2, 10 + NEAR * 2, FAR + 11 + NEAR * 2, len(before) + 3 + len(after)),
    ]


@every_engine
def test_a_word_without_end_is_cut(engine: Engine) -> None:
    found = engine.unescaped(b"a" * 9000 + b"%41" + b"b" * 9000)
    assert found is not None
    assert len(found[0]) == 2 * (FAR + NEAR) + 1 + 2


FAR_AWAY = "x " * NEAR


@every_engine
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (f"q\b{FAR_AWAY}K%65y", b"Key"),
        (f"\b{FAR_AWAY}K%65y", b"Key"),
        ("K%6x\b5y", b"Key"),
        ("K%65\b5y", b"Key"),
        ("K&#1\b101;y", b"Key"),
        ("K<b\b>y", b"K<>y"),
        ("K%c3%a9%c3%a9%c3%a9\by", b"Keey"),
        ("(1)\b\b\by", b"y"),
        ("Key <b title='q\bK%65y'>", b""),
    ],
)
def test_a_backspace_does_not_hide_what_is_escaped(engine: Engine, text: str, plain: bytes) -> None:
    assert undone(engine, text).rpartition(b" ")[2] == plain


@every_engine
@pytest.mark.parametrize(
    ("text", "first"),
    [
        ('<a title="K%65y">', b'<a title="Key">'),
        ("a<!-- K&#101;y -->b", b"a<!-- Key -->b"),
        ("<b\x00c>d", b"<bc>d"),
        ("<!-- <b>K</b>ey -->c", b"c"),
        ('a<b title="100% =x">c', b"ac"),
    ],
)
def test_a_tag_does_not_take_with_it_what_an_escape_in_it_hides(engine: Engine, text: str, first: bytes) -> None:
    found = engine.unescaped(text.encode())
    assert found is not None
    assert found[0] == first


PARTS = [
    *("\\", "\\\\", "u0041", "u{41}", "u{110000}", "ud83d", "x41", "xe2", "\\xe2\\x82\\xac", "101", "0", "n", '"', "q"),
    *("%", "25", "41", "e2", "%e2%82%ac", "&", "#", "65", "x41;", ";", "amp;", "lowbar;", "=", "=41", "=E2", "4", "F"),
    *("U+", "U+0041", "0x41", "0x", ",", " ", "\n", "<", "b", ">", "/", "<b>", "<!--", "-->", "\x00", "\b", "\xff"),
    *(
        "U00000041",
        "000041",
        "%u0041",
        "chr(",
        "CHAR(65",
        ")",
        "\x1b",
        "[1;31m",
        "[",
        "  ",
        "\n00000010: ",
        "\n0000020 ",
        "00",
    ),
    *("x" * 97, "y" * 4200, "A", "z"),
]


@pytest.mark.parametrize("engine", ENGINES[1:], ids=lambda engine: engine.name)
@settings(max_examples=600)
@given(
    parts=st.lists(st.sampled_from(PARTS) | st.binary(max_size=6).map(lambda raw: raw.decode("latin-1")), max_size=24)
)
@example(parts=["=E2", "=E2", "=41"])
@example(parts=["%", "25", "25", "e2"])
@example(parts=["a", "\b", "\b", "\b"])
@example(parts=["\\", "0x41"])
def test_both_do_the_same(engine: Engine, parts: list[str]) -> None:
    flat = "".join(parts).encode("latin-1")
    assert engine.unescaped(flat) == twin.unescaped(flat)
