"""A background task goes on whatever happens, later and later while it fails, and at once when hurried."""

import asyncio
import logging

import pytest

from proxy.background import pace as module
from proxy.background.pace import FIRST_RETRY, RETRY_CAP, Pace
from safety_core.errors import UnavailableError


async def test_a_round_that_went_well_is_told() -> None:
    async def work() -> None:
        return

    pace = Pace("usage", work, 10)
    assert pace.to_json() == {"task": "usage", "ok": True, "last_done": None, "trouble": ""}
    await pace.round()
    told = pace.to_json()
    assert told["ok"] is True
    assert isinstance(told["last_done"], float)


@pytest.mark.parametrize("error", [UnavailableError("hub", "did not answer"), ZeroDivisionError("secret text")])
async def test_a_failure_is_told_and_the_next_round_comes(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    rounds = 0

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds <= 2:
            raise error

    pace = Pace("usage", work, 10)
    await pace.round()
    await pace.round()
    told = pace.to_json()
    assert told["ok"] is False
    assert told["trouble"] in {"hub: did not answer", "ZeroDivisionError"}
    await pace.round()
    assert pace.to_json()["ok"] is True
    assert "usage: works again after 2 failures" in caplog.text


async def test_the_pause_doubles_up_to_its_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        raise UnavailableError("hub", "did not answer")

    pauses: list[float] = []

    class Timeout:
        def __init__(self, seconds: float) -> None:
            pauses.append(seconds)

        async def __aenter__(self) -> None:
            raise TimeoutError

        async def __aexit__(self, *_: object) -> None: ...

    monkeypatch.setattr(module.asyncio, "timeout", Timeout)
    monkeypatch.setattr(module.random, "uniform", lambda low, high: high)
    pace = Pace("usage", work, 10)
    for _ in range(40):
        await pace.round()
        await pace._rest()
    assert pauses[:4] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY, 8 * FIRST_RETRY]
    assert max(pauses) == pauses[-1] == RETRY_CAP


async def test_tries_that_were_hurried_make_no_pause_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        raise UnavailableError("hub", "did not answer")

    hurry = asyncio.Event()
    pace = Pace("questions", work, 10, hurry)
    for _ in range(20):
        await pace.round()
        hurry.set()
        await pace._rest()
    told: list[float] = []
    monkeypatch.setattr(module.random, "uniform", lambda low, high: high)
    monkeypatch.setattr(module.asyncio, "timeout", lambda seconds: told.append(seconds) or asyncio.Timeout(None))
    await pace._rest()
    assert told == [FIRST_RETRY]


async def test_hurry_starts_the_next_round_at_once() -> None:
    hurry, done = asyncio.Event(), asyncio.Queue[None]()

    async def work() -> None:
        done.put_nowait(None)

    task = asyncio.create_task(Pace("usage", work, 3600, hurry).run())
    async with asyncio.timeout(60):
        await done.get()
        hurry.set()
        await done.get()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
