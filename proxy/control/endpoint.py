"""One route of the control listener: bytes in within limits, JSON out, errors as objects.

A plain ASGI application, because only `receive()` tells that a caller has gone.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from proxy.caller import Caller, Callers
from proxy.errors import TokenError, status_of
from safety_core.canonical import JsonObject
from safety_core.edge.body import read_body
from safety_core.errors import SafetyError
from safety_core.wire.errors import error_to_json

Handle: TypeAlias = "Callable[[bytes, Caller], Awaitable[JsonObject | Response]]"
"""Body (of a GET: the query) and caller -> answer; raises SafetyError."""

_log = logging.getLogger(__name__)


class Endpoint:
    """Serves `handle` as an ASGI application."""

    def __init__(self, handle: Handle, callers: Callers) -> None:
        self._handle = handle
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        with self._callers.serving() as caller, self._callers.room.guest("") as take:
            response = await self._answer(scope, receive, caller, take)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, caller: Caller, take: Callable[[int], None]) -> Response:
        try:
            raw = await read_body(scope["headers"], receive, take=take)
            if scope["method"] == "GET":
                raw = scope.get("query_string", b"")
            watcher = asyncio.create_task(caller.watch(receive))
            try:
                answer = await self._handle(raw, caller)
                return answer if isinstance(answer, Response) else json_response(200, answer)
            finally:
                watcher.cancel()
                with suppress(asyncio.CancelledError):
                    await watcher
        except SafetyError as error:
            return json_response(status_of(error), error_to_json(error))
        except Exception:  # noqa: BLE001 - a bug of ours must neither end the process nor show its inside
            _log.exception("internal error in %s", scope["path"])
            fault = SafetyError("edge", "internal error", "look into the edge's log")
            return json_response(500, error_to_json(fault))


def json_response(status: int, body: JsonObject, headers: Mapping[str, str] | None = None) -> Response:
    """Return `body` as a response; nobody may keep or guess it."""
    raw = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    kept = {"cache-control": "no-store", "x-content-type-options": "nosniff", **(headers or {})}
    return Response(raw, status, kept, "application/json")


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    reason = {404: "there is no such route", 405: "has another method"}.get(status, "cannot be served")
    shown = SafetyError(f"{request.method} of this path", reason, "see docs/wire.md")
    return json_response(status, error_to_json(shown), getattr(error, "headers", None))


HANDLED: Final[Mapping[Any, Any]] = {HTTPException: _refused}
"""Starlette's own refusals, in our shape."""


class TokenGuard:
    """Lets a request through to `app` only with the bearer token whose sha256 is `digest` (32 bytes)."""

    def __init__(self, app: ASGIApp, digest: bytes) -> None:
        self._app = app
        self._digest = digest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it with 401."""
        given = dict(scope.get("headers", ())).get(b"authorization", b"")
        kind, _, token = given.partition(b" ")
        if kind.lower() == b"bearer" and hmac.compare_digest(hashlib.sha256(token.strip()).digest(), self._digest):
            await self._app(scope, receive, send)
            return
        error = TokenError(
            "authorization", "no token or a wrong one", "send the token of the file that control.token_file names"
        )
        await json_response(401, error_to_json(error), {"www-authenticate": "Bearer"})(scope, receive, send)
