"""Escapes are undone, encoded runs are opened, and both are bounded."""

from __future__ import annotations

import base64
import gzip
import html
import quopri
import urllib.parse
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import UnscannableError
from safety_core.match import decode as module
from safety_core.match.decode import decoded, opened, unescaped
from safety_core.match.layer import Layer
from tests.simulators.samples import invented

TEXT = "Key-42 is: zq7"


def undone(text: str) -> str:
    layer = unescaped(Layer(text))
    return text if layer is None else layer.text


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"\\u{ord(mark):04x}" for mark in TEXT),
        "".join(f"\\\\u{ord(mark):04X}" for mark in TEXT),
        "".join(f"\\u{{{ord(mark):x}}}" for mark in TEXT),
        "".join(f"\\x{ord(mark):02x}" for mark in TEXT),
        "".join(f"\\{ord(mark):03o}" for mark in TEXT),
        "".join(f"%{ord(mark):02X}" for mark in TEXT),
        "".join(f"%2525{ord(mark):02x}" for mark in TEXT),
        "".join(f"&#{ord(mark)};" for mark in TEXT),
        "".join(f"&#x{ord(mark):x};" for mark in TEXT),
        "".join(f"={ord(mark):02X}" for mark in TEXT),
        "".join(f"U+{ord(mark):04X} " for mark in TEXT),
        ", ".join(f"0x{ord(mark):02x}" for mark in TEXT),
        "Key-<b>42</b> <!-- no -->is: zq7",
        "Key-q\x0842q\x08 is: zq7",
        "K\u200bey\u2060-42 is: zq7",
    ],
)
def test_escapes(text: str) -> None:
    assert undone(text) == TEXT


def test_bytes_of_one_character_go_together() -> None:
    assert undone(urllib.parse.quote("ключ é")) == "ключ é"
    assert undone("".join(f"\\x{byte:02x}" for byte in "ключ".encode())) == "ключ"
    assert undone(quopri.encodestring("ключ".encode()).decode()) == "ключ"
    assert undone(html.escape('a<b>&"')) == 'a<b>&"'


def test_what_is_no_escape_stays() -> None:
    for text in ("a=1&b=2", "50% of 100%", "x < y > z", "C:\\Games\\quake", "key=AB", "0xdeadbeef", "U+"):
        assert undone(text) == text


def test_control_escapes_and_impossible_characters() -> None:
    assert undone(r"a\nb\tc\"d\\ne\f") == 'a\nb\tc"d\ne'
    assert undone(r"a\ud800b\u0000c") == "abc"
    assert undone("&nosuch;") == "&nosuch;"


def encoded(raw: bytes) -> list[str]:
    return [
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        base64.b32encode(raw).decode().rstrip("="),
        base64.b32encode(raw).decode().rstrip("=").lower(),
        raw.hex(),
    ]


@pytest.mark.parametrize("run", encoded(b"the shop's key is 42-zq7?"))
def test_runs_of_text_are_opened(run: str) -> None:
    assert decoded(run) == "the shop's key is 42-zq7?"


@pytest.mark.parametrize(
    "raw",
    [
        gzip.compress(TEXT.encode(), mtime=0),
        zlib.compress(TEXT.encode()),
        zlib.compress(TEXT.encode(), 9),
        TEXT.encode("utf-16-le"),
    ],
)
def test_packed_and_wide_text_is_opened(raw: bytes) -> None:
    assert decoded(base64.b64encode(raw).decode().rstrip("=")) == TEXT


@pytest.mark.parametrize(
    "run", [invented("{40 alnum}"), "A" * 20, base64.b64encode(b"\x1f\x8b" + b"\xff" * 20).decode()]
)
def test_chance_comes_to_nothing(run: str) -> None:
    assert decoded(run) is None


def test_a_layer_of_opened_runs_knows_where_they_stood() -> None:
    run = base64.b64encode(TEXT.encode()).decode()
    text = f"see {run} and internationalization_of_words there"
    layer = opened(Layer(text))
    assert layer is not None
    at = layer.text.index("zq7")
    start, end = layer.origin(at, at + 3)
    assert text[start:end] == run
    assert opened(Layer("nothing here")) is None


def test_what_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = base64.b64encode(zlib.compress(bytes(module.UNPACKED * 2))).decode()
    with pytest.raises(UnscannableError, match="too much"):
        opened(Layer(bomb))
    monkeypatch.setattr(module, "OPENED", 100)
    with pytest.raises(UnscannableError, match="too much"):
        opened(Layer(" ".join([base64.b64encode(gzip.compress(b"shop " * 200)).decode()] * 3)))


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    undone(text)
    opened(Layer(text))


@given(st.text(alphabet="ABab01+/=_-", min_size=16, max_size=80))
def test_any_run_is_survived(run: str) -> None:
    opened(Layer(run))
