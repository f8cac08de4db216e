"""Why a message did not go out."""

from __future__ import annotations

from safety_core.errors import SafetyError


class UndeliverableError(SafetyError):
    """It will not go out by this channel however often it is tried: the address is gone, or was never one."""
