"""Recorded calls that an author brings, judged by two revisions in a child process that is bounded and then gone.

The hub has no calls of its own to judge: it is never sent any but those that people are asked about.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.context import Context
from hub.errors import FloodError
from hub.policy.replay_worker import SECONDS
from safety_core.errors import InputError, LimitError, UnavailableError
from safety_core.wire.reader import Reader

FILE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of one recording: some thousand calls, which is what a minute is enough for."""


@dataclass(frozen=True, slots=True)
class Example:
    """A call that is judged otherwise. `call`: in a line that holds no secret."""

    rule: str
    count: int
    id: str
    call: str
    before: tuple[str, str]
    after: tuple[str, str]
    reason: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What two revisions make of recorded calls. `unreadable`: lines that hold none."""

    calls: int
    differing: int
    stricter: int
    looser: int
    unreadable: int
    examples: tuple[Example, ...]


async def replayed(context: Context, old: Path, new: Path, calls: bytes) -> Replayed:
    """Judge `calls` (JSON Lines) by two bundles; one replay at a time in this process.

    Raises:
        FloodError: another one is under way.
        InputError: nothing in it is a call.
        LimitError: it is too large.
        UnavailableError: it took too long, or too much memory.
    """
    if len(calls) > FILE_LIMIT:
        raise LimitError("recording", f"is larger than {FILE_LIMIT} bytes", "send fewer calls")
    if context.replay.locked():
        raise FloodError("replay", "is under way for somebody else", "try again in a minute")
    async with context.replay:
        raw = await _child(context, old, new, calls)
    body = Reader.parse(raw, "replay")
    if body.has("error"):
        thing, reason, fix = body.texts("error")
        raise InputError(thing, reason, fix)
    return _read(body.object("ok"))


async def _child(context: Context, old: Path, new: Path, calls: bytes) -> bytes:
    home = {"SAFETY_HOME": str(context.settings.data / "replay"), "PATH": os.environ.get("PATH", "")}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", "hub.policy.replay_worker", str(old), str(new),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True, env=home,
    )  # fmt: skip
    try:
        async with asyncio.timeout(SECONDS + 5):
            out, _ = await child.communicate(calls)
    except TimeoutError as error:
        raise _failed() from error
    finally:
        with suppress(ProcessLookupError):  # it and the engines that it started
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
    if child.returncode != 0:
        raise _failed()
    return out


def _failed() -> UnavailableError:
    return UnavailableError("replay", f"did not come to an end within {SECONDS} seconds", "send fewer calls")


def _read(body: Reader) -> Replayed:
    examples = tuple(
        Example(
            item.text("rule"),
            item.integer("count"),
            item.text("id", limit=2**20),
            item.text("call", limit=2**22),
            _verdict(item.object("before"))[0],
            *_verdict(item.object("after")),
        )
        for item in body.objects("examples")
    )
    counts = (body.integer(name) for name in ("calls", "differing", "stricter", "looser", "unreadable"))
    calls, differing, stricter, looser, unreadable = counts
    return Replayed(calls, differing, stricter, looser, unreadable, examples)


def _verdict(body: Reader) -> tuple[tuple[str, str], str]:
    reasons = body.texts("reasons", ())
    return (body.text("level").replace("_", " "), body.text("outcome").replace("_", " ")), next(iter(reasons), "")
