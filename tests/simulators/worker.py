"""The process that serves one operation of a connected service, started by a test that wants to end it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from safety_core.edge.adapters.request import Request, answer_from, request_bytes
from safety_core.model.tool_call import ToolResult


@contextmanager
def worker(request: Request) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Yield the process, as the edge starts it, and where its answer comes."""
    reading, writing = os.pipe()
    command = [sys.executable, "-I", "-m", "safety_core.edge.adapters.worker", str(writing)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(writing,))
    os.close(writing)
    try:
        assert process.stdin is not None
        with process.stdin as stdin:
            stdin.write(request_bytes(request))
        yield process, reading
    finally:
        process.kill()
        process.wait(30)
        os.close(reading)


def answered(request: Request) -> ToolResult:
    """Serve a request in a process of its own: what comes of it is recorded nowhere, as when the edge dies then."""
    with worker(request) as (process, reading), os.fdopen(os.dup(reading), "rb") as answers:
        result = answer_from(answers.read())
        process.wait(30)
        return result
