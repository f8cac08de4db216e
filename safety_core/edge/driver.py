"""Runs a flow: performs each effect that it yields, sends the reply back, or throws that the effect did not come about.

    answer = run(decide(call, context), {Now: lambda _: time.time(), Judge: engine.judge, ...})
    answer = await arun(decide(call, context), {Now: ..., Judge: ...})

This is the one place with a broad `except`: whatever a handler meets (a full disk, a locked database, a bug) must
reach the flow as `EffectFailed`, because the flow is where failing means refusing. What is not an error (cancellation,
interrupt, exit) closes the flow and goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from inspect import isawaitable
from typing import Any, TypeAlias, TypeVar, cast

from safety_core.errors import EffectFailed, SafetyError
from safety_core.flow.effects import Effect, Flow, Together

R = TypeVar("R")
Handlers: TypeAlias = Mapping[type[Effect[Any]], Callable[[Any], Any]]
"""By effect type, what performs it: takes the effect, returns its reply (for `arun`: or an awaitable of it)."""


def run(flow: Flow[R], handlers: Handlers) -> R:
    """Return what `flow` returns, or raise what it raises. A missing handler is a failed effect."""
    advance: Callable[[], Effect[Any]] = partial(next, flow)
    with closing(flow):
        while True:
            try:
                effect = advance()
            except StopIteration as end:
                return cast(R, end.value)
            try:
                reply = _each(effect, handlers) if type(effect) is Together else handlers[type(effect)](effect)
                advance = partial(flow.send, reply)
            except Exception as error:  # noqa: BLE001 - see above
                advance = partial(flow.throw, failed(effect, error))


async def arun(flow: Flow[R], handlers: Handlers) -> R:
    """Do as `run`, awaiting what a handler returns where it can be awaited."""
    advance: Callable[[], Effect[Any]] = partial(next, flow)
    with closing(flow):
        while True:
            try:
                effect = advance()
            except StopIteration as end:
                return cast(R, end.value)
            try:
                reply = _all(effect, handlers) if type(effect) is Together else handlers[type(effect)](effect)
                advance = partial(flow.send, await reply if isawaitable(reply) else reply)
            except Exception as error:  # noqa: BLE001 - see above
                advance = partial(flow.throw, failed(effect, error))


def _each(effect: Together, handlers: Handlers) -> tuple[Any, ...]:
    """Perform all parts, whatever becomes of the others."""
    replies: list[Any] = []
    for part in effect.parts:
        try:
            replies.append(handlers[type(part)](part))
        except Exception as error:  # noqa: BLE001 - see above
            replies.append(failed(part, error))
    return tuple(replies)


async def _all(effect: Together, handlers: Handlers) -> tuple[Any, ...]:
    """Perform all parts, and wait for them at the same time."""
    replies = [*_each(effect, handlers)]
    waited = [place for place, reply in enumerate(replies) if isawaitable(reply)]
    came = await asyncio.gather(*(replies[place] for place in waited), return_exceptions=True)
    for place, reply in zip(waited, came, strict=True):
        if isinstance(reply, BaseException) and not isinstance(reply, Exception):
            raise reply
        replies[place] = failed(effect.parts[place], reply) if isinstance(reply, Exception) else reply
    return tuple(replies)


def failed(effect: Effect[Any], error: Exception) -> EffectFailed:
    """Return the failure of `effect` as a flow may see it.

    Our own errors are built without secrets: their text and they themselves (as the cause) are kept. Of any other error
    only the class is told, for its text may quote what it was working on.
    """
    name = type(effect).__name__
    if not isinstance(error, SafetyError):
        return EffectFailed(name, type(error).__name__)
    failure = EffectFailed(name, f"{error.thing}: {error.reason}", error.fix)
    failure.__cause__ = error
    return failure
