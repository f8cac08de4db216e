"""How a provider says that it processed a request, where that has a price of its own.

OpenAI says `service_tier` beside the answer, Anthropic `service_tier` and `speed` among the counts.
"""

from __future__ import annotations

from typing import Final

from safety_core.canonical import Json
from safety_core.model.prices import MODES

_PLACES: Final = ((), ("response",), ("usage",), ("response", "usage"), ("message", "usage"))
_FIELDS: Final = ("speed", "service_tier")


def mode_of(document: Json) -> str | None:
    """Return the mode that a document of a response states: "" for the usual one, None where it states none."""
    found: str | None = None
    if not isinstance(document, dict):
        return None
    for place in _PLACES:
        if place and place[0] not in document:
            continue
        value: Json = document
        for name in place:
            value = value.get(name) if isinstance(value, dict) else None
        for field in _FIELDS if isinstance(value, dict) else ():
            word = value.get(field) if isinstance(value, dict) else None
            if isinstance(word, str):
                found = word if word in MODES else found or ""
    return found
