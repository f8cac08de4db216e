"""What must be known of a request, whatever its API: the model, what it carries, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from proxy.providers.prefix import prefix_of
from proxy.providers.results import tool_results
from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.flow.dialect import Operation, Prepared, Purpose
from safety_core.model.usage import MODEL_LENGTH

BATCH_MODELS: Final = 50
"""Different models in one batch: the price of each is looked up before it leaves."""

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

_ANSWERS: Final = (("n",), ("best_of",), ("num_generations",), ("generationConfig", "candidateCount"))
"""Where they say how many answers there may be, each of that length."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request: its fields, and the same as it leaves if nothing is changed in it."""

    fields: JsonObject
    plain: Prepared


def read_request(body: bytes, operation: Operation) -> Request:
    """Read a request body.

    Raises:
        InputError: it is not a JSON object, or neither it nor the path names a model, and it is no mere look.
    """
    if operation.purpose is Purpose.LOOK and not body:
        return Request({}, Prepared(body, operation.model))
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError("request body", "is not JSON") from error
    if not isinstance(fields, dict):
        raise InputError("request body", "must be a JSON object")
    if operation.purpose is Purpose.BATCH:
        return _batch(body, fields)
    model = operation.model or fields.get("model")
    model = "" if operation.purpose is Purpose.LOOK and model is None else _checked(model, "request body")
    prefix = prefix_of(fields, model) if operation.purpose is Purpose.TURN else None
    results, most = tool_results(fields), _most_output(fields)
    return Request(fields, Prepared(body, model, results=results, most_output=most, prefix=prefix))


def _batch(body: bytes, fields: JsonObject) -> Request:
    """Read {"requests": [{"params": REQUEST}]}: results and lengths of all, the model of the first."""
    listed = fields.get("requests")
    if not isinstance(listed, list) or not listed:
        raise InputError("request body", "must list requests")
    turns = [_params(each) for each in listed]
    models = [_checked(turn.get("model"), "each request of a batch") for turn in turns]
    results = tuple(result for turn in turns for result in tool_results(turn))
    lengths = [_most_output(turn) for turn in turns]
    most = sum(length or 0 for length in lengths) if None not in lengths else None
    others = tuple(dict.fromkeys(model for model in models if model != models[0]))
    if len(others) >= BATCH_MODELS:
        raise InputError("request body", f"asks more than {BATCH_MODELS} models in one batch", "make several of it")
    return Request(fields, Prepared(body, models[0], results=results, most_output=most, others=others))


def _params(each: Json) -> JsonObject:
    params = each.get("params") if isinstance(each, dict) else None
    return params if isinstance(params, dict) else {}


def _checked(model: Json, what: str) -> str:
    if not isinstance(model, str) or not 0 < len(model) <= MODEL_LENGTH or not model.isprintable():
        raise InputError(what, f"must name a model (1 to {MODEL_LENGTH} characters)")
    return model


def _most_output(fields: JsonObject) -> int | None:
    """Return the largest number of tokens that the request names for its answers, however it spells that."""
    most = max(_numbers(fields, _MOST_OUTPUT), default=None)
    return None if most is None else most * max(_numbers(fields, _ANSWERS), default=1)


def _numbers(fields: JsonObject, places: tuple[tuple[str, ...], ...]) -> list[int]:
    """Return the whole numbers above zero that stand at these places."""
    found = []
    for *parents, name in places:
        owner: object = fields
        for parent in parents:
            owner = owner.get(parent) if isinstance(owner, dict) else None
        value = owner.get(name) if isinstance(owner, dict) else None
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            found.append(value)
    return found
