"""Starts the child of one operation, within limits, and takes its answer."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final

from safety_core.edge.adapters.adapters import MODULES
from safety_core.edge.adapters.needs import confinement_for
from safety_core.edge.adapters.request import Request, answer_from, request_bytes
from safety_core.edge.confine.confinement import Confinement
from safety_core.edge.confine.spawn import Program, Streams, confined
from safety_core.errors import ExecutionError, UnavailableError, UnknownSecretError
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import ServicePlan

if TYPE_CHECKING:
    from safety_core.edge.execute.limits import Limits

SERVICES_AT_ONCE: Final = 4
"""Children at the same time: each takes some 50 MiB, and a small server has 2 GiB for everything."""

GRACE_SECONDS: Final = 5.0
"""How long a child may take to start and to give up by itself, beyond the operation's own time."""

ANSWER_SPARE: Final = 2 * 1024 * 1024
"""Bytes of an answer beyond its output: escapes in JSON, an undo record."""

_places: asyncio.Semaphore | None = None


async def run_service(
    plan: ServicePlan, values: Mapping[SecretName, SecretValue], limits: Limits, key: str, *, again: bool = False
) -> ToolResult:
    """Carry out one operation of a connected service; cancelling kills the child.

    Args:
        key: idempotency key.
        again: an earlier try with this key may have come about.

    Raises:
        ExecutionError: it did not come about.
        UncertainError: nobody knows whether it did.
        UnknownSecretError: a value that the plan refers to is missing.
    """
    if plan.adapter not in MODULES:
        raise ExecutionError(f"adapter {plan.adapter}", "is not one that this version has")
    missing = [name for name in plan.refs if name not in values]
    if missing:
        raise UnknownSecretError(f"secret {missing[0]}", "was not handed to the execution")
    request = Request(
        plan.connection, plan.operation, plan.arguments, values, key, again, limits.output, plan.timeout, plan.workspace
    )
    async with _room():
        raw = await _answered(request, confinement_for(request, limits.confinement))
    try:
        return answer_from(raw)
    except (ValueError, KeyError, TypeError):
        raise request.uncertain("was cut off in the middle: the process that served it ended") from None


def _room() -> asyncio.Semaphore:
    global _places  # noqa: PLW0603 - made once, in the loop that uses it
    if _places is None:
        _places = asyncio.Semaphore(SERVICES_AT_ONCE)
    return _places


async def _answered(request: Request, confinement: Confinement | None) -> bytes:
    """Return what the child wrote until it ended."""
    try:
        reading, writing = map(os.fdopen, os.pipe(), ("rb", "wb"))
    except OSError as error:
        raise request.refusal(f"has no process to serve it ({error.strerror})") from None
    argv = (sys.executable, "-I", "-m", "safety_core.edge.adapters.worker", str(writing.fileno()))
    program = Program(argv, "/", {"PATH": os.defpath}, (writing.fileno(),))
    child = None
    try:
        with reading, writing:
            async with confined(program, confinement, Streams(stdin=asyncio.subprocess.PIPE)) as child:
                writing.close()
                async with asyncio.timeout(request.timeout + GRACE_SECONDS):
                    answer = await _exchanged(child.process, request, reading)
                    await child.wait()
    except TimeoutError:
        raise request.uncertain(f"did not answer in {request.timeout:g} seconds") from None
    except UnavailableError as error:
        raise request.refusal(error.reason, error.fix) from None
    except OSError as error:
        if child is None or not child.began:
            raise request.refusal(f"has no process to serve it ({error.strerror})") from None
        raise request.uncertain(f"was cut off in the middle ({error.strerror})") from None
    if not answer and child.hits:
        raise request.uncertain(f"was ended: it used up what it may have ({', '.join(child.hits)})")
    return answer


async def _exchanged(process: asyncio.subprocess.Process, request: Request, reading: IO[bytes]) -> bytes:
    """Hand the request over; return the answer."""
    answers = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(answers), reading
    )
    try:
        into = process.stdin
        if into is not None:
            with suppress(ConnectionError):  # it ended before it had read all: its answer, or none, says so
                into.write(request_bytes(request))
                await into.drain()
                into.close()
        limit = 2 * request.output + ANSWER_SPARE
        answer = bytearray()
        while chunk := await answers.read(64 * 1024):
            answer += chunk
            if len(answer) > limit:
                raise request.uncertain(f"answered with more than {limit} bytes")
        return bytes(answer)
    finally:
        transport.close()
