"""Requests to the engine over its Unix socket, and what is certain when one fails.

Whoever speaks to the engine may do what root may: agents never do, and this module sends nothing that a call has not
been judged for. The API's version is the lower one of ours and the engine's.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from safety_core.canonical import Json, JsonObject
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError
from safety_core.model.secret import refs_in

VERSION: Final = (1, 41)
OLDEST: Final = (1, 24)
LARGEST: Final = 8 * 1024 * 1024
"""Bytes of an answer that is read as a whole."""

QUOTED: Final = 300
"""Characters of the engine's words that are told."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The engine's answer: its status, and its JSON, None where it has none."""

    status: int
    body: Any

    @property
    def object(self) -> dict[str, Any]:
        """The body as a mapping."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def every(self) -> list[dict[str, Any]]:
        """The body as a list of mappings."""
        return [one for one in self.body if isinstance(one, dict)] if isinstance(self.body, list) else []


class _Line(http.client.HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(self._path)
        except OSError:
            self.sock.close()
            raise


class Engine:
    """The engine that a connection names."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._at = time.monotonic() + request.timeout - min(2.0, request.timeout * 0.2)
        self._path = _socket(request)
        self._prefix = ""
        self.acted = False
        """What was asked for has begun: whatever fails from now on, it may have come about."""

    @property
    def left(self) -> float:
        """Seconds until the operation has to be over."""
        return max(self._at - time.monotonic(), 0.01)

    def allow(self, seconds: float) -> None:
        """Allow a little more time, to end what did not end in time."""
        self._at = time.monotonic() + seconds

    def greet(self) -> None:
        """Agree on a version."""
        with self.opened("GET", "/_ping") as response:
            said = response.headers.get("Api-Version", "0")
        theirs = tuple(int(part) for part in said.split(".") if part.isdigit())
        if theirs < OLDEST:
            raise self.request.refusal("speaks no version of the Engine API that we know")
        self._prefix = "/v" + ".".join(map(str, min(VERSION, theirs)))

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: JsonObject | None = None,
        *,
        known: frozenset[int] = frozenset(),
    ) -> Answer:
        """Return the engine's answer.

        Args:
            known: statuses that are no failure, beside those below 300.

        Raises:
            ExecutionError: it refused, or did not get the request.
            UncertainError: it may have done it.
        """
        with self.opened(method, path, query, body) as response:
            try:
                raw = response.read(LARGEST + 1)
            except (OSError, http.client.HTTPException) as error:
                raise self.broken(error, sent=method != "GET") from None
        if len(raw) > LARGEST:
            raise self.request.refusal(f"answered with more than {LARGEST} bytes")
        answer = Answer(response.status, _json(raw))
        if answer.status >= 300 and answer.status not in known:
            raise self.refused(answer)
        return answer

    @contextmanager
    def opened(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: JsonObject | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """Yield the beginning of an answer that is read bit by bit; raises as `ask` does."""
        line = self._line()
        address = self._prefix + path + ("?" + urlencode(query) if query else "")
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            try:
                line.request(method, address, None if body is None else json.dumps(body).encode(), headers)
                response = line.getresponse()
            except (OSError, http.client.HTTPException) as error:
                raise self.broken(error, sent=method != "GET") from None
            with response:
                yield response
        finally:
            line.close()

    def _line(self) -> _Line:
        line = _Line(self._path, self.left)
        try:
            line.connect()
        except PermissionError:
            fix = "add the edge's user to the group of the socket"
            raise self.request.refusal("has a socket that the edge may not speak to", fix) from None
        except OSError as error:
            raise self.request.refusal(f"cannot be reached ({type(error).__name__})") from None
        return line

    def refused(self, answer: Answer) -> ExecutionError:
        """Return the error of an answer that is one. Its words are told where no secret can stand in them."""
        said = " ".join(str(answer.object.get("message", "")).split())[:QUOTED]
        if refs_in(self.request.arguments):
            said = ""
        reason = f"refused it ({answer.status})" + (f": {said}" if said else "")
        return self.request.uncertain(reason) if self.acted else self.request.refusal(reason)

    def broken(self, error: Exception, *, sent: bool = False) -> ExecutionError:
        """Return the error of a line that was cut or silent. `sent`: something that changes was asked for on it."""
        late = isinstance(error, TimeoutError)
        reason = f"did not answer in {self.request.timeout:g} seconds" if late else "was cut off"
        return self.request.uncertain(reason) if sent or self.acted else self.request.refusal(reason)


def part(name: str) -> str:
    """Return a name as a part of a path; those of images have slashes."""
    return quote(name, safe="/:@")


def _json(raw: bytes) -> Json:
    try:
        found: Json = json.loads(raw) if raw.strip() else None
    except ValueError:
        return {"message": raw.decode("utf-8", "replace")}
    return found


def _socket(request: Request) -> str:
    url = urlsplit(request.connection.target)
    if url.scheme != "unix" or not url.path.startswith("/"):
        raise request.refusal("has a target that is no socket", 'target = "unix:///run/docker.sock"')
    if not request.connection.private:
        raise request.refusal("leads to a socket of this machine", "set private = true if that is meant")
    return url.path
