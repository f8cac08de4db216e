"""JSON-RPC on standard input and output, one message a line, as far as a server of tools needs it.

The protocol's own SDK is large, and serves far more than the four methods that are needed. The tests hold this against
the SDK's client.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from threading import Lock
from typing import IO, Final

from safety_core.canonical import Json, JsonObject
from safety_core.cli.mcp.offered import Offered, failed
from safety_core.errors import SafetyError
from safety_core.wire.lenient import object_of
from safety_core.wire.reader import BODY_LIMIT, parse_json

VERSIONS: Final = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Of the protocol, the newest first: for tools they are the same."""

AT_ONCE: Final = 16
"""Calls at the same time; each may wait for a person. Further ones queue."""

UNREADABLE, NO_REQUEST, NO_METHOD, FAULT = -32700, -32600, -32601, -32603


def serve(offered: Offered, lines: IO[bytes] | None = None, out: IO[str] | None = None) -> None:
    """Answer requests until standard input ends."""
    Session(offered, out or sys.stdout).listen(lines or sys.stdin.buffer)


class Session:
    """One client's requests, answered each when it is done."""

    def __init__(self, offered: Offered, out: IO[str]) -> None:
        self._offered = offered
        self._out = out
        self._writing = Lock()

    def listen(self, lines: IO[bytes]) -> None:
        """Answer what stands in `lines`. One that is too long is the last: where the next begins is not known."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while line := lines.readline(BODY_LIMIT + 1):
                if len(line) > BODY_LIMIT:
                    self._send(_error(None, NO_REQUEST, f"is longer than {BODY_LIMIT} bytes"))
                    return
                if line.strip():
                    self._heard(line, pool)

    def _heard(self, line: bytes, pool: ThreadPoolExecutor) -> None:
        try:
            message = parse_json(line, "the message")
        except SafetyError as error:
            self._send(_error(None, UNREADABLE, str(error)))
            return
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            self._send(_error(None, NO_REQUEST, "is no request"))
        elif "id" in message:
            pool.submit(self._answer, message)

    def _answer(self, message: JsonObject) -> None:
        asked = message["id"]
        try:
            result = self._result(str(message["method"]), object_of(message.get("params")))
            told: JsonObject = {"jsonrpc": "2.0", "id": asked, "result": result}
        except _NoMethodError:
            told = _error(asked, NO_METHOD, "is not served")
        except SafetyError as error:
            told = _error(asked, FAULT, str(error))
        except Exception as error:  # noqa: BLE001 - a bug of ours: its text may quote the call
            told = _error(asked, FAULT, f"internal error, {type(error).__name__}")
        self._send(told)

    def _result(self, method: str, params: JsonObject) -> JsonObject:
        match method:
            case "initialize":
                return _introduced(params.get("protocolVersion"))
            case "ping":
                return {}
            case "tools/list":
                return {"tools": self._offered.tools()}
            case "tools/call":
                return self._called(params)
        raise _NoMethodError

    def _called(self, params: JsonObject) -> JsonObject:
        try:
            return self._offered.call(str(params.get("name")), object_of(params.get("arguments")))
        except SafetyError as error:
            return failed(str(error))

    def _send(self, message: JsonObject) -> None:
        with self._writing:
            self._out.write(json.dumps(message) + "\n")  # plain ASCII: whatever the locale is
            self._out.flush()


class _NoMethodError(Exception):
    """A method that is not served."""


def _introduced(wanted: Json) -> JsonObject:
    return {
        "protocolVersion": wanted if wanted in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "safety-gateway", "version": version("safety-gateway")},
        "instructions": "Each call is judged; some wait for a person. SECRET_REF(NAME) stands for a stored secret.",
    }


def _error(asked: Json, code: int, reason: str) -> JsonObject:
    return {"jsonrpc": "2.0", "id": asked, "error": {"code": code, "message": f"the message: {reason}"}}
