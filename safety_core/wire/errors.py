"""An error as JSON, the same in every answer of edge and hub: {"error": {"thing", "reason", "fix"}}."""

from __future__ import annotations

from safety_core.canonical import JsonObject
from safety_core.errors import SafetyError
from safety_core.wire.reader import Reader


def error_to_json(error: SafetyError) -> JsonObject:
    """Return the body of an answer that is an error. Its texts hold no secret (see `safety_core.errors`)."""
    return {"error": {"thing": error.thing, "reason": error.reason, "fix": error.fix}}


def error_from_json(raw: bytes) -> SafetyError:
    """Return the error that an answer tells, or raise InputError where it tells none."""
    told = Reader.parse(raw, "answer").object("error")
    return SafetyError(told.text("thing"), told.text("reason"), told.text("fix", ""))
