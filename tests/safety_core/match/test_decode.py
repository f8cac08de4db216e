"""Encoded runs are opened, and that is bounded."""

from __future__ import annotations

import base64
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.samples import invented
from safety_core.errors import UnscannableError
from safety_core.match import decode as module
from safety_core.match.decode import decoded, opened
from safety_core.match.layer import Layer, flatten, unescaped

TEXT = "Key-42 is: zq7"


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
    assert decoded(run.encode()) == "the shop's key is 42-zq7?"


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
    assert decoded(base64.b64encode(raw).rstrip(b"=")) == TEXT


@pytest.mark.parametrize(
    "run", [invented("{40 alnum}"), "A" * 20, base64.b64encode(b"\x1f\x8b" + b"\xff" * 20).decode()]
)
def test_chance_comes_to_nothing(run: str) -> None:
    assert decoded(run.encode()) is None


LONG = "\n".join(f"SHOP_SETTING_{number} = {'abc' * (number % 5)} {number}" for number in range(12))


def wrapped(text: str, width: int, end: str) -> str:
    return end.join(text[at : at + width] for at in range(0, len(text), width))


@pytest.mark.parametrize("width", [60, 64, 72, 76])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "text",
    [base64.b64encode(LONG.encode()).decode(), LONG.encode().hex(), base64.b64encode(b"x" + LONG.encode()).decode()],
)
def test_lines_of_one_width_are_opened_together(text: str, width: int, end: str) -> None:
    block = wrapped(text, width, end)
    layer = opened(Layer(flatten(f"$ base64 .env\n{block}\n$ ls")))
    assert layer is not None
    assert LONG.encode() in layer.flat
    start = layer.flat.index(b"SHOP_SETTING_7")
    assert layer.origin(start, start + 4) == (14, 14 + len(block))


def test_a_line_of_another_width_is_none_of_a_block() -> None:
    lines = [base64.b64encode(f"{'the key ' * 6}{number}".encode()).decode().rstrip("=") for number in (7, 8)]
    layer = opened(Layer(flatten(f"{lines[0][:64]}\n{lines[1]}\n")))
    assert layer is not None
    assert layer.flat.count(b"\xff") >= 3


def test_lines_that_come_to_nothing_are_opened_one_by_one() -> None:
    text = base64.b64encode(b"the key is 42-zq7, and that is all of it, or not?!??").decode()[:64]
    noise = [invented("{64 base64}"), invented("{}{64 base64}"), invented("{}{}{64 base64}")]
    layer = opened(Layer(flatten("\n".join([text, *noise]))))
    assert layer is not None
    assert b"42-zq7" in layer.flat
    assert layer.origin(layer.flat.index(b"42"), layer.flat.index(b"42") + 2) == (0, 64)


def test_a_layer_of_opened_runs_knows_where_they_stood() -> None:
    run = base64.b64encode(TEXT.encode()).decode()
    text = f"see {run} and internationalization_of_words there"
    layer = opened(Layer(flatten(text)))
    assert layer is not None
    at = layer.flat.index(b"zq7")
    start, end = layer.origin(at, at + 3)
    assert text[start:end] == run
    assert opened(Layer(b"nothing here")) is None


def test_a_run_that_was_opened_in_the_parent_is_not_opened_again() -> None:
    run = base64.b64encode(TEXT.encode()).decode()
    layer = unescaped(Layer(f"{run} a%20b".encode()))
    assert layer is not None
    assert opened(layer) is None


def test_what_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = base64.b64encode(zlib.compress(bytes(module.UNPACKED * 2))).decode()
    with pytest.raises(UnscannableError, match="too much"):
        opened(Layer(bomb.encode()))
    monkeypatch.setattr(module, "OPENED", 100)
    with pytest.raises(UnscannableError, match="too much"):
        opened(Layer(" ".join([base64.b64encode(gzip.compress(b"shop " * 200)).decode()] * 3).encode()))


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    opened(Layer(flatten(text)))


@given(st.text(alphabet="ABab01+/=_-", min_size=16, max_size=80))
def test_any_run_is_survived(run: str) -> None:
    opened(Layer(flatten(run)))
