"""Runs that deserve a closer look: the same ones in C and in Python."""

from __future__ import annotations

import base64
import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core._native import twin
from safety_core._native.engine import Engine
from safety_core._native.twin import CODED, MIXED
from safety_core.bundle.samples import invented
from tests.safety_core._native.conftest import ENGINES

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
TOKEN = invented("{40 alnum}")
TEXT = b"the shop's key is 42-zq7?"


def kinds(engine: Engine, text: bytes) -> list[int]:
    return [kind for _, _, kind in engine.runs(text, 20, 200)]


@every_engine
@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (TOKEN.encode(), MIXED),
        (base64.b64encode(TEXT).rstrip(b"="), MIXED | CODED),
        (base64.b32encode(TEXT).rstrip(b"="), CODED),
        (base64.b32encode(TEXT).rstrip(b"=").lower(), CODED),
        (TEXT.hex().encode(), CODED),
        (base64.b64encode(gzip.compress(TEXT, mtime=0)).rstrip(b"="), MIXED | CODED),
        (zlib.compress(TEXT * 3).hex().encode(), CODED),
        (base64.b64encode("wide text".encode("utf-16-le")).rstrip(b"="), CODED),
    ],
)
def test_kinds(engine: Engine, run: bytes, kind: int) -> None:
    assert engine.runs(b"see: " + run + b" there", 20, 200) == [(5, 5 + len(run), kind)]


@every_engine
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"short 12ab",
        b"internationalization_of_words",
        b"some/path/to/the/place",
        b"CamelCaseOfManyWords",
        b"f" * 63,
    ],
)
def test_words_and_paths_are_none(engine: Engine, text: bytes) -> None:
    assert kinds(engine, text) == []


@every_engine
@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        (b"token: " + TOKEN[:20].encode(), True),
        (b"it is: " + TOKEN[:20].encode(), False),
        (b"token: " + b"0a1b2c3d4e" * 4, True),
        (b"it is: " + b"0a1b2c3d4e" * 4, False),
        (b"token" + b" " * 60 + TOKEN[:20].encode(), False),
        (b"token" + b" " * 59 + TOKEN[:20].encode(), True),
        (b"token: aB3-dE4_fG5-hI6_jK7-lM8_nO9-pQ0", False),
    ],
)
def test_a_short_or_bare_run_needs_the_name_of_a_secret_before_it(engine: Engine, text: bytes, *, mixed: bool) -> None:
    assert any(kind & MIXED for kind in kinds(engine, text)) is mixed


@every_engine
def test_lengths_are_bounds_of_what_may_be_chance(engine: Engine) -> None:
    assert engine.runs(TOKEN.encode(), 41, 200) == engine.runs(TOKEN.encode(), 20, 39) == []


@every_engine
@pytest.mark.parametrize("start", [0, 1, 47, 48, 49, 63, 64, 65, 120])
@pytest.mark.parametrize("length", [15, 16, 17, 63, 64, 65, 130])
def test_wherever_it_stands(engine: Engine, start: int, length: int) -> None:
    run = base64.b64encode(b"the key is 42, zq7" * 9)[:length]
    found = engine.runs(b" " * start + run + b" ", 20, 200)
    assert [place[:2] for place in found] == ([(start, start + length)] if length >= 16 else [])


ALPHABETS = [
    "ABab01+/=_-. ",
    "0123456789abcdef",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "abcdefghijklmnopqrstuvwxyz234567",
]
RUNS = st.one_of(*(st.text(alphabet=letters, min_size=10, max_size=90) for letters in ALPHABETS)) | st.binary(
    min_size=8, max_size=60
).map(lambda raw: base64.b64encode(raw).decode())


@pytest.mark.parametrize("engine", ENGINES[1:], ids=lambda engine: engine.name)
@settings(max_examples=500)
@given(parts=st.lists(RUNS | st.binary(max_size=9).map(lambda raw: raw.decode("latin-1")), max_size=6))
def test_both_find_the_same(engine: Engine, parts: list[str]) -> None:
    flat = " ".join(parts).encode("latin-1")
    assert engine.runs(flat, 20, 200) == twin.runs(flat, 20, 200)
