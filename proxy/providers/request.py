"""What must be known of a request, whatever its API: the model, and the fields beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from safety_core.canonical import JsonObject
from safety_core.errors import InputError

MODEL_LENGTH: Final = 256
"""Characters. The name goes into usage and bills; the longest real ones (Bedrock ARNs) have about 150."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request's fields; `model` is one of them, and is checked."""

    model: str
    fields: JsonObject


def read_request(body: bytes) -> Request:
    """Read a request body.

    Raises:
        InputError: it is not a JSON object that names a model.
    """
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError("request body", "is not JSON") from error
    if not isinstance(fields, dict):
        raise InputError("request body", "must be a JSON object")
    model = fields.get("model")
    if not isinstance(model, str) or not 0 < len(model) <= MODEL_LENGTH:
        raise InputError("request body", f"must name a model (1 to {MODEL_LENGTH} characters)")
    return Request(model, fields)
