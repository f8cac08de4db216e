"""What must be known of a request, whatever its API: the model, what it carries, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from proxy.providers.prefix import prefix_of
from proxy.providers.results import tool_results
from safety_core.canonical import JsonObject
from safety_core.errors import InputError
from safety_core.flow.dialect import Operation, Prepared, Purpose

MODEL_LENGTH: Final = 256
"""Characters. The name goes into usage and bills; the longest real ones (Bedrock ARNs) have about 150."""

_MOST_OUTPUT: Final = (
    ("max_tokens",),
    ("max_completion_tokens",),
    ("max_output_tokens",),
    ("generationConfig", "maxOutputTokens"),  # Gemini
    ("generation_config", "max_output_tokens"),
    ("options", "num_predict"),  # Ollama
    ("inferenceConfig", "maxTokens"),  # Bedrock converse
    ("maxTokens",),
    ("max_gen_len",),  # Llama on Bedrock
    ("textGenerationConfig", "maxTokenCount"),  # Titan
)
"""Where the APIs say how long an answer may be."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request: its fields, and the same as it leaves if nothing is changed in it."""

    fields: JsonObject
    plain: Prepared


def read_request(body: bytes, operation: Operation) -> Request:
    """Read a request body.

    Raises:
        InputError: it is not a JSON object, or neither it nor the path names a model.
    """
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError("request body", "is not JSON") from error
    if not isinstance(fields, dict):
        raise InputError("request body", "must be a JSON object")
    model = operation.model or fields.get("model")
    if not isinstance(model, str) or not 0 < len(model) <= MODEL_LENGTH:
        raise InputError("request body", f"must name a model (1 to {MODEL_LENGTH} characters)")
    prefix = prefix_of(fields, model) if operation.purpose is Purpose.TURN else None
    results, most = tool_results(fields), _most_output(fields)
    return Request(fields, Prepared(body, model, results=results, most_output=most, prefix=prefix))


def _most_output(fields: JsonObject) -> int | None:
    """Return the largest number of tokens that the request names for its answer, however it spells that."""
    found = []
    for *parents, name in _MOST_OUTPUT:
        owner: object = fields
        for parent in parents:
            owner = owner.get(parent) if isinstance(owner, dict) else None
        value = owner.get(name) if isinstance(owner, dict) else None
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            found.append(value)
    return max(found, default=None)
