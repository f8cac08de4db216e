"""The child: reads one request from standard input, serves it, writes one answer to the descriptor it was given.

    python -I -m safety_core.edge.adapters.worker FD

What an adapter's libraries print goes nowhere. Of an error that is not ours only the class is told: its text may quote
a secret. Nobody of the same user may look into this process, and it leaves no core dump.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys

from safety_core.edge.adapters.adapters import MODULES
from safety_core.edge.adapters.request import Request, answer_bytes, request_from
from safety_core.edge.private_memory import keep_memory_private
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult


async def serve(request: Request) -> ToolResult:
    """Carry out one operation. Raises ExecutionError, which holds no secret."""
    try:
        module = importlib.import_module(MODULES[request.connection.adapter])
        async with asyncio.timeout(request.timeout):
            result: ToolResult = await module.serve(request)
    except ExecutionError:
        raise
    except TimeoutError:
        raise request.uncertain(f"did not answer in {request.timeout:g} seconds") from None
    except ModuleNotFoundError as error:
        fix = "pip install 'safety-gateway[adapters]'"
        raise request.refusal(f"needs the Python package {error.name}", fix) from None
    except Exception as error:  # noqa: BLE001 - whatever a library raises ends as an answer without its text
        raise request.uncertain(f"failed ({type(error).__name__})") from None
    raw = result.output.encode("utf-8", "replace")
    if len(raw) <= request.output:
        return result
    text = raw[: request.output].decode("utf-8", "ignore")
    return ToolResult(text, result.status, True, result.undo)


def main() -> None:
    """Serve one request."""
    keep_memory_private()
    answers = int(sys.argv[1])
    request = request_from(sys.stdin.buffer.read())
    try:
        answer: ToolResult | ExecutionError = asyncio.run(serve(request))
    except ExecutionError as error:
        answer = error
    with os.fdopen(answers, "wb") as out:
        out.write(answer_bytes(answer))


if __name__ == "__main__":
    main()
