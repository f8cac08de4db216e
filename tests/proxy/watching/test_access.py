"""One line for each exchange; it says who and how much, never what."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Generator
from typing import Any

import pytest

from proxy.logs import FIELDS, log_to
from proxy.watching.access import access_line
from proxy.watching.traffic import Finished
from safety_core.flow.exchange import Exchange
from tests.proxy.watching.exchanges import exchange, prompt


@pytest.fixture
def stream() -> Generator[io.StringIO, None, None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    log_to(stream, lambda text: text.replace("hunter2", "SECRET_REF(pw)"))
    yield stream
    root.handlers[:], root.level = before


def line(stream: io.StringIO, made: Exchange | None) -> dict[str, Any]:
    access_line(Finished(prompt(body=b'{"messages": "a secret talk"}'), made, 1.0, 1.2345, 0.00067))
    raw = stream.getvalue()
    assert raw.count("\n") == 1
    assert "talk" not in raw
    found: dict[str, Any] = json.loads(raw)
    return found


def test_an_exchange_is_one_line(stream: io.StringIO) -> None:
    found = line(stream, exchange())
    assert found.pop("time") > 0
    assert found == {
        "level": "info",
        "logger": "proxy.watching.access",
        "message": "exchange",
        "exchange": "x1",
        "agent": "ada",
        "provider": "openai",
        "model": "m-1",
        "status": 200,
        "ms": 1234.5,
        "added_ms": 0.67,
        "findings": 2,
        "input": 100,
        "output": 20,
        "cache_read": 60,
        "estimated": False,
    }


def test_a_refusal_names_its_rule_and_no_tokens(stream: io.StringIO) -> None:
    found = line(stream, exchange(status=424, rule="BudgetError", usage=None))
    assert (found["rule"], found["status"]) == ("BudgetError", 424)
    assert "input" not in found


def test_one_that_was_cut_off_says_so(stream: io.StringIO) -> None:
    assert line(stream, None)["rule"] == "cut off"


def test_a_model_that_is_a_secret_is_not_told(stream: io.StringIO) -> None:
    assert line(stream, exchange(model="m-hunter2"))["model"] == "m-SECRET_REF(pw)"
    assert "hunter2" not in stream.getvalue()


def test_a_level_above_costs_nothing(stream: io.StringIO) -> None:
    logging.getLogger().setLevel(logging.WARNING)
    access_line(Finished(prompt(), exchange(), 1.0, 1.0, 1.0))
    assert stream.getvalue() == ""


def test_what_cannot_be_redacted_leaves_no_member_behind() -> None:
    stream = io.StringIO()

    def broken(text: str) -> str:
        raise RuntimeError

    root = logging.getLogger()
    before = root.handlers[:], root.level
    log_to(stream, broken)
    logging.getLogger("a").warning("x", extra={FIELDS: {"model": "hunter2"}})
    root.handlers[:], root.level = before
    assert "hunter2" not in stream.getvalue()
    assert "could not be redacted" in stream.getvalue()
