"""The driver: replies go in, failures are thrown in, cancellation closes the flow."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Generator
from typing import Any, TypeAlias

import pytest

from safety_core.edge.driver import Handlers, arun, run
from safety_core.errors import EffectFailed, ReplayedGrantError, SafetyError
from safety_core.flow.effects import Flow, NewId, Now, Together

Runner: TypeAlias = "Callable[[Flow[Any], Handlers], Any]"


def run_async(flow: Flow[Any], handlers: Handlers) -> Any:
    return asyncio.run(arun(flow, handlers))


both = pytest.mark.parametrize("runner", [run, run_async])


def two_questions() -> Flow[str]:
    fresh = yield from NewId()
    now = yield from Now()
    return f"{fresh}@{now}"


def catching() -> Flow[SafetyError]:
    try:
        yield from Now()
    except SafetyError as error:
        return error
    raise AssertionError("no failure came")


@both
def test_replies_reach_the_flow_in_order(runner: Runner) -> None:
    assert runner(two_questions(), {Now: lambda _: 5.0, NewId: lambda _: "id"}) == "id@5.0"


async def test_an_awaitable_reply_is_awaited() -> None:
    async def now(_: Now) -> float:
        await asyncio.sleep(0)
        return 7.0

    assert await arun(two_questions(), {Now: now, NewId: lambda _: "id"}) == "id@7.0"


@both
@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("s3cret"), OSError("s3cret"), StopAsyncIteration("s3cret"), ZeroDivisionError()]
)
def test_a_foreign_error_is_told_by_its_class_alone(runner: Runner, error: Exception) -> None:
    def handler(_: Now) -> float:
        raise error

    failure = runner(catching(), {Now: handler})
    assert isinstance(failure, EffectFailed)
    assert (failure.thing, failure.reason) == ("Now", type(error).__name__)
    assert failure.__cause__ is None
    assert failure.__context__ is None


@both
def test_our_own_error_keeps_its_text_and_is_the_cause(runner: Runner) -> None:
    cause = ReplayedGrantError("grant for 1", "it has been used", "ask again")

    def handler(_: Now) -> float:
        raise cause

    failure = runner(catching(), {Now: handler})
    assert str(failure) == "Now: grant for 1: it has been used. Fix: ask again"
    assert failure.__cause__ is cause


@both
def test_a_missing_handler_is_a_failed_effect(runner: Runner) -> None:
    assert runner(catching(), {}).thing == "Now"


@both
def test_a_failure_that_the_flow_does_not_catch_comes_out(runner: Runner) -> None:
    with pytest.raises(EffectFailed, match="NewId: KeyError"):
        runner(two_questions(), {})


@both
def test_a_stop_iteration_of_a_handler_does_not_end_the_flow(runner: Runner) -> None:
    def handler(_: Now) -> float:
        raise StopIteration("a value that is not the flow's")

    assert isinstance(runner(catching(), {Now: handler}), EffectFailed)


def guarded(log: list[str]) -> Generator[Any, Any, None]:
    try:
        yield from Now()
    except SafetyError:
        log.append("error")
    finally:
        log.append("closed")


async def test_cancellation_closes_the_flow_and_goes_on() -> None:
    log: list[str] = []
    waiting = asyncio.Event()

    async def never(_: Now) -> float:
        waiting.set()
        await asyncio.Event().wait()
        return 0.0

    task = asyncio.create_task(arun(guarded(log), {Now: never}))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["closed"]


def test_an_interrupt_closes_the_flow_and_goes_on() -> None:
    log: list[str] = []

    def handler(_: Now) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(guarded(log), {Now: handler})
    assert log == ["closed"]


def at_once() -> Flow[tuple[Any, ...]]:
    return (yield from Together((Now(), NewId())))


@both
def test_what_goes_together_fails_apart(runner: Runner) -> None:
    def broken(_: Now) -> float:
        raise OSError("s3cret")

    failure, fresh = runner(at_once(), {Now: broken, NewId: lambda _: "id"})
    assert fresh == "id"
    assert isinstance(failure, EffectFailed)
    assert "s3cret" not in str(failure)


async def test_what_goes_together_is_waited_for_at_the_same_time() -> None:
    begun = asyncio.Event()

    async def now(_: Now) -> float:
        await begun.wait()
        raise OSError("full")

    async def fresh(_: NewId) -> str:
        begun.set()
        return "id"

    failure, name = await arun(at_once(), {Now: now, NewId: fresh})
    assert (type(failure), name) == (EffectFailed, "id")


async def test_a_cancelled_part_ends_all() -> None:
    async def now(_: Now) -> float:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await arun(at_once(), {Now: now, NewId: lambda _: "id"})
