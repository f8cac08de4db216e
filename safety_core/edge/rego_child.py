"""One child process that runs Rego: started, asked with a deadline, and killed without regret."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from safety_core.canonical import Json, JsonObject
from safety_core.edge.engine import facts_line
from safety_core.edge.reap import reap
from safety_core.errors import InputError, UnavailableError
from safety_core.wire.reader import Reader

LOAD_DEADLINE: Final = 20.0
"""Seconds to start a child and load a bundle; 10,000 rules take about two on a slow machine."""

ANSWER_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of one answer."""


class RegoChild:
    """A child with modules and data loaded. After an UnavailableError it is to be killed: its state is unknown."""

    def __init__(self, process: Process, deadline: float) -> None:
        self._process = process
        self._deadline = deadline

    @classmethod
    async def start(
        cls,
        shards: Sequence[Mapping[str, str]],
        data: JsonObject,
        *,
        deadline: float,
        load_deadline: float = LOAD_DEADLINE,
    ) -> RegoChild:
        """Return a child that has loaded these, or raise UnavailableError.

        Args:
            shards: modules by name; those of one shard see each other.
            deadline: seconds for each later request.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                # isolated: neither the folder it is started in nor the environment chooses what it imports
                sys.executable, "-I", "-m", "safety_core.edge.rego_worker",
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={"RUST_BACKTRACE": "0"}, cwd="/", limit=ANSWER_LIMIT,
            )  # fmt: skip
        except OSError as error:
            raise UnavailableError("policy engine", "could not be started", "is the machine out of memory?") from error
        child = cls(process, load_deadline)
        listed: list[Json] = [{**modules} for modules in shards]
        try:
            await child.request({"load": {"shards": listed, "data": data, "deadline": deadline}})
        except BaseException:
            await child.kill()
            raise
        child._deadline = deadline
        return child

    async def ask(self, shards: Sequence[tuple[int, Sequence[str]]], facts: JsonObject) -> list[Json]:
        """Return the hits of these rules, each by the number of its shard.

        Raises:
            LimitError: the facts are too large, or cannot be written as JSON; the child is unharmed.
            UnavailableError: as `request`.
        """
        return await self._do(orjson.dumps({"ask": shards}) + b"\n" + facts_line(facts) + b"\n")

    async def request(self, request: JsonObject) -> list[Json]:
        """Return what the worker answers.

        Raises:
            UnavailableError: no answer in time, or none that can be read.
        """
        return await self._do(orjson.dumps(request) + b"\n")

    async def _do(self, lines: bytes) -> list[Json]:
        try:
            async with asyncio.timeout(self._deadline):
                return _answer(await self._exchange(lines))
        except TimeoutError as error:
            reason = f"gave no answer within {self._deadline:g} s"
            raise UnavailableError("policy engine", reason, "find the slow rule: safety policy test") from error
        except (OSError, ValueError, RuntimeError) as error:  # uvloop's, where the pipe of a dead child is written to
            raise UnavailableError("policy engine", f"broke off ({type(error).__name__})") from error

    async def _exchange(self, lines: bytes) -> bytes:
        if self._process.stdin is None or self._process.stdout is None:
            raise UnavailableError("policy engine", "has no pipes")
        self._process.stdin.write(lines)
        await self._process.stdin.drain()
        return await self._process.stdout.readline()

    async def kill(self) -> None:
        """End the child. Idempotent."""
        await reap(self._process)


def _answer(line: bytes) -> list[Json]:
    if not line.endswith(b"\n"):
        raise UnavailableError("policy engine", "ended without an answer")
    try:
        reader = Reader.parse(line, "answer")
        if reader.has("error"):
            raise UnavailableError("policy engine", reader.text("error", limit=ANSWER_LIMIT)[:500])
        found = reader.json("ok")
        reader.done()
    except InputError as error:
        raise UnavailableError("policy engine", f"gave an answer that cannot be read ({error})") from error
    if not isinstance(found, list):
        raise UnavailableError("policy engine", "gave an answer that is no list")
    return found
