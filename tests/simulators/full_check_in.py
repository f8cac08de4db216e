"""A check-in as a plugin sends it that has registered all that guards."""

from __future__ import annotations

from safety_core.canonical import Json, JsonObject
from safety_core.flow.interlock import EVERYWHERE, REQUIRED

PROCESS = "0123456789abcdef" * 2


def full_check_in(agent: str = "main", **changes: Json) -> JsonObject:
    """Return the body of POST /v1/check-in."""
    hooks: JsonObject = {"discovery": [*REQUIRED], "full": [*EVERYWHERE, "gateway_start", "gateway_stop"]}
    body: JsonObject = {"agent": agent, "plugin": "openclaw", "version": "1.0", "host": "2026.9.6", "process": PROCESS}
    return {**body, "hooks": hooks, "fired": {"gateway_start": 1}, "faults": [], "memory": 1024, **changes}
