"""Refusals that only the edge makes, and the status with which the control listener answers each error of the tree.

400 what came in is wrong         413 it is too large, or nested too deep         401 no token, or a wrong one
403 it is understood and refused  503 too much at once                            500 the edge is at fault; see its log
"""

from __future__ import annotations

from safety_core.errors import AuditError, EffectFailed, InputError, LimitError, SafetyError, UnavailableError


class NoPolicyError(SafetyError):
    """No trusted policy is in force, so nothing is permitted."""


class BusyError(SafetyError):
    """More at the same time than the edge holds."""


class TokenError(SafetyError):
    """No token, or a wrong one."""


class TicketError(SafetyError):
    """A ticket that lets nothing run: it is unknown, was used, or is too old."""


class ForwardRefusedError(SafetyError):
    """Somewhere that software may not go."""


class SecretInRequestError(SafetyError):
    """A request of other software that holds a secret."""


def status_of(error: SafetyError) -> int:
    """Return the HTTP status that tells what kind of error it is."""
    match error:
        case LimitError():
            return 413
        case InputError():
            return 400
        case TokenError():
            return 401
        case BusyError():
            return 503
        case EffectFailed() | UnavailableError() | AuditError():
            return 500
        case _:
            return 403
