"""One question to the running edge over its Unix socket, one JSON object back."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from safety_core.canonical import JsonObject
from safety_core.edge.home import Home
from safety_core.errors import InputError, SafetyError, UnavailableError
from safety_core.wire.errors import error_from_json
from safety_core.wire.reader import BODY_LIMIT, Reader

F = TypeVar("F", bound=Callable[..., Any])

SECONDS: Final = 10.0
"""How long the edge may take; it answers from memory and its own disk."""


def socket_option(command: F) -> F:
    """Add `--socket`, which becomes the `path` of the edge's socket."""

    def found(_: click.Context, __: click.Parameter, value: Path | None) -> Path:
        return value or Home.default().socket

    text = "The edge's control socket.  [default: edge.sock in $SAFETY_HOME or ~/.safety]"
    return click.option("--socket", "path", type=click.Path(path_type=Path), callback=found, help=text)(command)


def ask_edge(
    path: Path, method: str, route: str, body: JsonObject | None = None, *, seconds: float = SECONDS
) -> JsonObject:
    """Return what the edge at this socket answers, within `seconds`.

    Raises:
        UnavailableError: nobody answers there, or not with a JSON object; or it cannot do what it is asked.
        InputError: it refuses what it is asked.
    """
    with closing(Connection(path, seconds)) as connection:
        try:
            connection.request(method, route, None if body is None else json.dumps(body))
            response = connection.getresponse()
            status, raw = response.status, response.read(BODY_LIMIT)
        except (OSError, HTTPException) as error:
            gone = isinstance(error, FileNotFoundError | ConnectionRefusedError)
            reason = "is not running" if gone else f"did not answer ({type(error).__name__})"
            fix = "start it with `safety edge`; or name the folder of the one that runs with SAFETY_HOME"
            raise UnavailableError(f"edge at {path}", reason, fix) from error
    if status != 200:
        raise _refusal(path, status, raw)
    try:
        return Reader.parse(raw, "status").whole()
    except InputError as error:
        raise UnavailableError(
            f"edge at {path}", "gave an answer that cannot be read", "is the edge of this version?"
        ) from error


def _refusal(path: Path, status: int, raw: bytes) -> SafetyError:
    """Return what the edge says is wrong, or that it says nothing."""
    try:
        told = error_from_json(raw)
    except InputError:
        return UnavailableError(f"edge at {path}", f"answered {status}", "see the edge's log")
    kind = InputError if 400 <= status < 500 else UnavailableError
    return kind(told.thing, f"{told.reason} (edge at {path}, {status})", told.fix)


class Connection(HTTPConnection):
    """HTTP over a Unix socket. (httpx2 leaves its socket open where nobody listens.)"""

    def __init__(self, path: Path, seconds: float = SECONDS) -> None:
        super().__init__("edge", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
