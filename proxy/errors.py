"""Refusals that only the edge makes, and the status with which its listeners answer each error of the tree.

400 what came in is wrong         413 it is too large, or nested too deep         401 no token, or a wrong one
403 it is understood and refused  503 too much at once                            500 the edge is at fault; see its log

The forward proxy (`forward_status_of`) has 502 besides: the host does not answer. What the LLM egress answers to a
prompt that it has read is the business of the flow (`safety_core.flow.prompt`).
"""

from __future__ import annotations

from safety_core.errors import (
    AuditError,
    BusyError,
    EffectFailed,
    InputError,
    LimitError,
    SafetyError,
    UnavailableError,
)


class NoPolicyError(SafetyError):
    """No trusted policy is in force, so nothing is permitted."""


class TokenError(SafetyError):
    """No token, or a wrong one."""


class TicketError(SafetyError):
    """A ticket that lets nothing run: it is unknown, was used, or is too old."""


class ForwardRefusedError(SafetyError):
    """Somewhere that software may not go."""


class SecretInRequestError(SafetyError):
    """A request of other software that holds a secret."""


def status_of(error: SafetyError) -> int:
    """Return the status with which a client of the control listener learns of an error, or one whose prompt could not
    be read."""
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


def forward_status_of(error: SafetyError) -> int:
    """Return the status with which a client of the forward proxy learns of an error. What cannot be recorded is refused
    as what may not pass is."""
    match error:
        case BusyError():
            return 503
        case UnavailableError():
            return 502
        case EffectFailed() | AuditError():
            return 403
        case _:
            return status_of(error)
