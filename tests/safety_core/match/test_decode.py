"""Encoded runs are opened, and that is bounded."""

from __future__ import annotations

import base64
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import UnscannableError
from safety_core.match import decode as module
from safety_core.match.decode import decoded, opened
from safety_core.match.layer import Layer, flatten, unescaped
from tests.simulators.samples import invented

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
