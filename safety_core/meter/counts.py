"""The token counts in one JSON document of a response, wherever that API puts them.

Names are compared without underscores and case ("promptTokenCount" = "prompt_token_count"), nested ones with a dot
("prompttokensdetails.cachedtokens"). Only whole numbers from zero to `MOST` count; null is as good as absent.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from safety_core.canonical import Json, JsonObject
from safety_core.wire.lenient import objects

Counts: TypeAlias = "dict[str, int]"

_PLACES: Final = (
    ("usage",),
    ("usageMetadata",),
    ("usage_metadata",),
    ("message", "usage"),  # Anthropic: message_start
    ("response", "usage"),  # OpenAI responses: response.completed
    ("response", "usageMetadata"),
    ("delta", "usage"),  # Cohere: message-end
    ("metadata", "usage"),  # Bedrock converse stream
    ("meta",),  # Cohere: embed, rerank, v1
    ("x_groq", "usage"),
    ("amazon-bedrock-invocationMetrics",),
)
"""Where a document may hold an object of counts; the first that holds any counts: some servers repeat a request's
`metadata`."""

_TOP: Final = frozenset(
    {"prompt_eval_count", "eval_count", "inputTextTokenCount", "prompt_token_count", "generation_token_count"}
)
"""Counts that stand beside the answer itself: Ollama; Titan and Llama on Bedrock."""

_DEPTH: Final = 3

MOST: Final = 10**9
"""Of one count of one response: a hundred times what the longest takes. What states more counts nothing."""


def counts_of(document: Json) -> Counts:
    """Return the counts in `document`, empty if it holds none."""
    if not isinstance(document, dict):
        return {}
    found: Counts = {}
    for place in _PLACES:
        if place[0] in document and not found:
            found = _flat(_at(document, place), "", _DEPTH)
    for choice in objects(document.get("choices")):  # Moonshot
        if "usage" in choice:
            found |= _flat(choice["usage"], "", _DEPTH)
    if named := _TOP & document.keys():
        found |= _flat({name: document[name] for name in named}, "", 1)
    results = [_whole(result.get("tokenCount")) for result in objects(document.get("results"))]  # Titan
    if any(count is not None for count in results):
        found["outputtokencount"] = sum(count or 0 for count in results)
    return found


def _at(document: JsonObject, place: tuple[str, ...]) -> Json:
    value: Json = document
    for name in place:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _flat(value: Json, prefix: str, depth: int) -> Counts:
    if not isinstance(value, dict) or depth == 0:
        return {}
    found: Counts = {}
    for name, entry in value.items():
        path = prefix + name.replace("_", "").lower()
        count = _whole(entry)
        if count is not None:
            found[path] = count
        elif path == "cachedetails":  # Bedrock: one entry per life of what was written
            found |= {
                f"{path}.{item['ttl']}": _whole(item.get("inputTokens")) or 0
                for item in objects(entry)
                if "ttl" in item
            }
        elif isinstance(entry, list):  # Gemini: one entry per modality
            for item in objects(entry):
                found[f"{path}.{str(item.get('modality')).lower()}tokens"] = _whole(item.get("tokenCount")) or 0
        else:
            found |= _flat(entry, path + ".", depth - 1)
    return found


def _whole(value: Json) -> int | None:
    """Return a count. Some gateways write whole numbers as 12.0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST or value != value // 1:
        return None
    return int(value)
