"""What must be known of a request, whatever its API: the model, what it carries, and what it may cost."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import orjson

from proxy.providers.prefix import prefix_of
from proxy.providers.results import tool_results
from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.flow.dialect import Operation, Prepared, Purpose
from safety_core.meter.counts import MOST
from safety_core.meter.estimate import ANSWER_TOKENS
from safety_core.model.usage import MODEL_LENGTH

BATCH_MODELS: Final = 50
"""Different models in one batch: the price of each is looked up before it leaves."""

_MOST_OUTPUT: Final = frozenset(
    {
        "maxtokens",
        "maxcompletiontokens",
        "maxoutputtokens",
        "maxresponseoutputtokens",  # OpenAI's realtime API, at first
        "numpredict",  # Ollama
        "maxgenlen",  # Llama on Bedrock
        "maxtokencount",  # Titan
        "maxnewtokens",  # Nova
    }
)
"""Under which names the APIs take how long an answer may be; see `_plain`."""

_ANSWERS: Final = frozenset({"n", "bestof", "numgenerations", "candidatecount"})
"""Under which they take how many answers there may be, each of that length."""

_CONFIGS: Final = frozenset({"generationconfig", "options", "inferenceconfig", "textgenerationconfig"})
"""Under which they take an object that holds such names."""

_READ: Final = {
    name.replace("_", ""): name
    for name in (
        *("model", "models", "fallbacks", "messages", "input", "contents", "tool_results", "chat_history"),
        *("requests", "stream", "stream_options", "background"),
    )
}
"""What is read of a request beside these, by its plain name: none may stand there in another spelling."""

_DIGITS: Final = 18

_NOT: Final = (None, False)

_FALLBACKS: Final = ("models", "fallbacks")
"""Where routers (OpenRouter, LiteLLM) take models that answer in place of the one that is asked."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request: its fields, and the same as it leaves if nothing is changed in it."""

    fields: JsonObject
    plain: Prepared


def read_request(body: bytes, operation: Operation) -> Request:
    """Read a request body.

    Raises:
        InputError: it is not a JSON object, spells a name in another way, or neither it nor the path names a model, and
            it is no mere look.
    """
    if operation.purpose is Purpose.LOOK and not body:
        return Request({}, Prepared(body, operation.model))
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError("request body", "is not JSON") from error
    if not isinstance(fields, dict):
        raise InputError("request body", "must be a JSON object")
    _check_names(fields)
    if operation.purpose is Purpose.BATCH:
        return _batch(body, fields)
    model = operation.model or fields.get("model")
    model = "" if operation.purpose is Purpose.LOOK and model is None else _checked(model, "request body")
    prefix = prefix_of(fields, model) if operation.purpose is Purpose.TURN else None
    results, most, others = tool_results(fields), most_output(fields), _fallbacks(fields, model)
    prepared = Prepared(body, model, results=results, most_output=most, prefix=prefix, others=others)
    return Request(fields, prepared if fields.get("background") in _NOT else replace(prepared, later=True))


def _batch(body: bytes, fields: JsonObject) -> Request:
    """Read {"requests": [{"params": REQUEST}]}: results and lengths of all, the model of the first."""
    listed = fields.get("requests")
    if not isinstance(listed, list) or not listed:
        raise InputError("request body", "must list requests")
    turns = [_params(each) for each in listed]
    for turn in turns:
        _check_names(turn)
    models = [_checked(turn.get("model"), "each request of a batch") for turn in turns]
    results = tuple(result for turn in turns for result in tool_results(turn))
    lengths = [most_output(turn) for turn in turns]
    most = min(sum(ANSWER_TOKENS if length is None else length for length in lengths), MOST)
    others = tuple(dict.fromkeys(model for model in models if model != models[0]))
    if len(others) >= BATCH_MODELS:
        raise InputError("request body", f"asks more than {BATCH_MODELS} models in one batch", "make several of it")
    return Request(fields, Prepared(body, models[0], results=results, most_output=most, others=others))


def _params(each: Json) -> JsonObject:
    params = each.get("params") if isinstance(each, dict) else None
    return params if isinstance(params, dict) else {}


def _check_names(fields: JsonObject) -> None:
    """Refuse what a lenient reader would take for something that is read here, and in whose place it would."""
    for name in fields:
        read = _READ.get(_plain(name), name)
        if read != name:
            raise InputError("request body", f"spells `{read}` in another way", "write it like this")


def _checked(model: Json, what: str) -> str:
    if not isinstance(model, str) or not 0 < len(model) <= MODEL_LENGTH or not model.isprintable():
        raise InputError(what, f"must name a model (1 to {MODEL_LENGTH} characters)")
    return model


def _fallbacks(fields: JsonObject, model: str) -> tuple[str, ...]:
    """Return the further models that may answer. Raises InputError for a name that is none."""
    listed = [each for name in _FALLBACKS if isinstance(value := fields.get(name), list) for each in value]
    if len(listed) > BATCH_MODELS:
        raise InputError("request body", f"names more than {BATCH_MODELS} models", "name fewer")
    named = [_checked(each.get("model") if isinstance(each, dict) else each, "each fallback") for each in listed]
    return tuple(dict.fromkeys(name for name in named if name != model))


def most_output(fields: JsonObject) -> int | None:
    """Return the largest number of tokens that the request names for its answers, however it spells that; None for one
    answer of which it says nothing."""
    most = max(_numbers(fields, _MOST_OUTPUT), default=None)
    answers = max(_numbers(fields, _ANSWERS), default=1) * _prompts(fields.get("prompt"))
    if most is None and answers == 1:
        return None
    return min((ANSWER_TOKENS if most is None else most) * answers, MOST)


def _prompts(prompt: Json) -> int:
    """Return how many prompts one request of OpenAI's completions brings: texts, or lists of tokens."""
    return max(1, sum(not isinstance(each, int) for each in prompt)) if isinstance(prompt, list) else 1


def _numbers(fields: JsonObject, names: frozenset[str]) -> list[int]:
    """Return the numbers above zero that stand under these names, here or in a configuration."""
    configs = (value for name, value in fields.items() if isinstance(value, dict) and _plain(name) in _CONFIGS)
    owners = (fields, *configs)
    named = (value for owner in owners for name, value in owner.items() if _plain(name) in names)
    return [number for value in named if (number := _number(value)) > 0]


def _plain(name: str) -> str:
    """Return a name as the most lenient of readers takes it: Go's do not look at case, Google's know both spellings."""
    return name.replace("_", "").lower()


def _number(value: Json) -> int:
    """Return a number as the most lenient of readers takes it (5, 5.0, "5"), at most `MOST`; 0 for what is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return 0
    return math.ceil(min(value, MOST))
