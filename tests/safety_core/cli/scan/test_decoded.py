"""Bytes are text, in one of a few encodings, or they are left out."""

from __future__ import annotations

import codecs
import gzip

import pytest

from safety_core.cli.scan.decoded import decoded

TEXT = 'name = "café"\r\n\tprice = 5 €\n'


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
    ],
)
def test_text(raw: bytes) -> None:
    assert decoded(raw) == TEXT


def test_latin_1() -> None:
    assert decoded("Grüße aus Köln".encode("latin-1")) == "Grüße aus Köln"


@pytest.mark.parametrize("raw", [b"", b"a", b"\n"])
def test_hardly_anything(raw: bytes) -> None:
    assert decoded(raw) == raw.decode()


@pytest.mark.parametrize(
    "raw",
    [
        b"\x7fELF\x02\x01\x01" + bytes(9) + b"some text in it",
        b"\0",
        b"a\0",
        bytes(100),
        gzip.compress(TEXT.encode(), mtime=0),
        bytes(range(1, 256)) * 4,
    ],
)
def test_what_is_no_text(raw: bytes) -> None:
    assert (decoded(raw) is None) == (raw != b"a\0")


def test_a_zero_far_into_a_text_does_not_hide_the_rest() -> None:
    assert decoded(b"x" * 9000 + b"\0secret") == "x" * 9000 + "\0secret"


def test_a_cut_character_does_not_hide_the_rest() -> None:
    assert str(decoded(codecs.BOM_UTF16_LE + "ab".encode("utf-16-le") + b"\x00")).startswith("ab")
