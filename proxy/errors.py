"""Errors as the control listener answers them: {"error": {"thing", "reason", "fix"}} and a status, never a traceback.

400 what came in is wrong        413 it is too large        401 no or a wrong token
403 it is understood and refused                            500 the edge is at fault; the log says where
"""

from __future__ import annotations

from safety_core.canonical import Json, JsonObject
from safety_core.errors import AuditError, EffectFailed, InputError, LimitError, SafetyError, UnavailableError


class TooLargeError(LimitError):
    """A body over the limit."""


class NoPolicyError(SafetyError):
    """No trusted policy is in force, so nothing is permitted."""


class TokenError(SafetyError):
    """No token, or a wrong one."""


def status_of(error: SafetyError) -> int:
    """Return the HTTP status that tells what kind of error it is."""
    match error:
        case TooLargeError():
            return 413
        case InputError():
            return 400
        case TokenError():
            return 401
        case EffectFailed() | UnavailableError() | AuditError():
            return 500
        case _:
            return 403


def error_json(error: SafetyError) -> JsonObject:
    """Return the body of the answer. The error's own texts hold no secret (see `safety_core.errors`)."""
    shown: dict[str, Json] = {"thing": error.thing, "reason": error.reason, "fix": error.fix}
    return {"error": shown}
