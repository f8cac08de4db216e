"""One line for each exchange; it says who and how much, never what."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Generator
from typing import Any

import pytest

from proxy.logs import FIELDS, log_to
from proxy.watching.access import TOGETHER, TOGETHER_SECONDS, AccessLog
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
    access = AccessLog()

    async def told() -> None:
        access.tell(Finished(prompt(body=b'{"messages": "a secret talk"}'), made, 1.0, 1.2345, 0.00067))

    asyncio.run(told())
    access.flush()
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
    access = AccessLog()
    access.tell(Finished(prompt(), exchange(), 1.0, 1.0, 1.0))
    access.flush()
    assert stream.getvalue() == ""


async def test_lines_of_a_moment_are_written_together_and_none_waits_for_long(stream: io.StringIO) -> None:
    access = AccessLog()
    for number in range(TOGETHER + 1):
        access.tell(Finished(prompt(), exchange(model=f"m-{number}"), 1.0, 1.0, 1.0))
        assert stream.getvalue().count("\n") == (0 if number < TOGETHER - 1 else TOGETHER)
    await asyncio.sleep(2 * TOGETHER_SECONDS)
    written = [json.loads(line)["model"] for line in stream.getvalue().splitlines()]
    assert written == [f"m-{number}" for number in range(TOGETHER + 1)]


async def test_a_secret_in_one_line_leaves_the_others_as_they_are(stream: io.StringIO) -> None:
    access = AccessLog()
    for model in ("m-1", "m-hunter2", "m-3"):
        access.tell(Finished(prompt(), exchange(model=model), 1.0, 1.0, 1.0))
    access.flush()
    written = [json.loads(line)["model"] for line in stream.getvalue().splitlines()]
    assert written == ["m-1", "m-SECRET_REF(pw)", "m-3"]


def test_what_cannot_be_redacted_leaves_no_member_behind() -> None:
    stream = io.StringIO()

    def broken(text: str) -> str:
        raise RuntimeError

    root = logging.getLogger()
    before = root.handlers[:], root.level
    log_to(stream, broken)
    logging.getLogger("a").warning("x", extra={FIELDS: [{"model": "hunter2"}]})
    root.handlers[:], root.level = before
    assert "hunter2" not in stream.getvalue()
    assert "could not be redacted" in stream.getvalue()
