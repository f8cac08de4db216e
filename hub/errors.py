"""Refusals that only a service makes, and how each error of the tree is answered in HTTP.

    SafetyError
    |-- UnauthenticatedError   401  nobody we know sent this
    |-- ForbiddenError         403  it is not theirs to do
    |-- NotFoundError          404  there is no such thing (or it is somebody else's)
    |-- ConflictError          409  what is there already says otherwise
    `-- FloodError             429  too many open questions
        `-- TooOftenError           ... or too many attempts; `Retry-After` says for how long

The body is always {"error": {"thing", "reason", "fix"}}; a fault of our own says nothing of its cause.
"""

from __future__ import annotations

import logging
import math
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from safety_core.errors import (
    BundleError,
    GrantError,
    InputError,
    LimitError,
    RequestError,
    SafetyError,
    UnavailableError,
)
from safety_core.wire.errors import error_to_json

_log: Final = logging.getLogger(__name__)


class UnauthenticatedError(SafetyError):
    """Nobody we know sent this."""


class ForbiddenError(SafetyError):
    """It is not theirs to do."""


class NotFoundError(SafetyError):
    """There is no such thing, or it is somebody else's: the two look alike."""


class ConflictError(SafetyError):
    """What is there already says otherwise."""


class FloodError(SafetyError):
    """Too many open questions."""


class TooOftenError(FloodError):
    """Too many attempts. `seconds`: when the next one counts again."""

    def __init__(self, thing: str, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(thing, "was tried too often", f"wait {self.seconds} seconds")


_STATUS: Final[tuple[tuple[type[SafetyError], int], ...]] = (
    (LimitError, 413),
    (InputError, 400),
    (UnauthenticatedError, 401),
    (RequestError, 401),
    (ForbiddenError, 403),
    (GrantError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (BundleError, 409),
    (FloodError, 429),
    (UnavailableError, 503),
)


def status_of(error: SafetyError) -> int:
    """Return the HTTP status that answers `error`."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def retry_headers(error: SafetyError) -> dict[str, str]:
    """Return `Retry-After` where the error says when to come again."""
    return {"Retry-After": str(error.seconds)} if isinstance(error, TooOftenError) else {}


async def answer_error(_request: Request, error: Exception) -> Response:
    """Answer any exception of an endpoint."""
    if isinstance(error, SafetyError):
        status = status_of(error)
        if status >= 500:
            _log.error("%s", error)
        headers = {**retry_headers(error), **({"WWW-Authenticate": "Bearer"} if status == 401 else {})}
        return JSONResponse(error_to_json(error), status, headers)
    if isinstance(error, HTTPException):
        return JSONResponse(error_to_json(SafetyError("request", error.detail)), error.status_code, error.headers)
    return JSONResponse(error_to_json(SafetyError("hub", "failed on its own", "see the hub's log")), 500)
