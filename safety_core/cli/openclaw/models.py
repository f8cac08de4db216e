"""Which model an agent names, and as whom it is asked for.

A provider's entry carries one token, and the edge tells agents apart by it. So the first agent keeps the providers'
names, and every other agent has entries of its own: `openai/gpt-x` becomes `openai-shop/gpt-x` for the agent `shop`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.cli.openclaw.tree import found, found_table, table, words

NAMING: Final = (("model",), ("utilityModel",), ("decisionModel",), ("subagents", "model"))
"""Where an agent names models: one name, or {primary, fallbacks}."""

ALSO_NAMING: Final = (("imageModel",), ("pdfModel",), ("heartbeat", "model"), ("compaction", "model"))
"""Where only the defaults of all agents name some; they are asked for as the first agent."""

Rename = Callable[[str], str]


def named_models(tree: JsonObject) -> tuple[tuple[str, str], ...]:
    """Return every provider and model that some agent is told to use, in order."""
    places = [found_table(tree, "agents", "defaults"), *_entries(tree)]
    refs = (ref for place in places for path in (*NAMING, *ALSO_NAMING) for ref in _refs(found(place, *path)))
    parts = (ref.partition("/") for ref in refs)
    return tuple(dict.fromkeys((provider, model) for provider, slash, model in parts if slash and provider and model))


def _entries(tree: JsonObject) -> list[Json]:
    return [*found_table(tree, "agents", "entries").values()]


def _refs(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _refs(value.get("primary"))
        yield from words(value.get("fallbacks"))


def clone(provider: str, agent: str) -> str:
    """Return the name of an agent's own entry for a provider."""
    return f"{provider}-{agent}"


def own_models(tree: JsonObject, agent: str, providers: Collection[str]) -> None:
    """Let an agent that is not the first ask for its models under its own token."""

    def rename(ref: str) -> str:
        provider, slash, model = ref.partition("/")
        return f"{clone(provider, agent)}/{model}" if slash and provider in providers else ref

    defaults = found_table(tree, "agents", "defaults")
    entry = table(tree, "agents", "entries", key_of(tree, agent))
    for path in NAMING:
        value = found(entry, *path)
        value = found(defaults, *path) if value is None else value
        if value is not None and any(rename(ref) != ref for ref in _refs(value)):
            table(entry, *path[:-1])[path[-1]] = _renamed(value, rename)
    for place in (defaults, entry):
        _settings(place, rename, keep=place is defaults)


def _settings(place: JsonObject, rename: Rename, *, keep: bool) -> None:
    """Rename what is set for single models; the defaults are also those of the first agent."""
    listed = place.get("models")
    if isinstance(listed, dict):
        renamed = {rename(ref): value for ref, value in listed.items()}
        place["models"] = {**listed, **renamed} if keep else renamed
    policy = found_table(place, "modelPolicy")
    if isinstance(policy.get("allow"), list):
        allowed = words(policy["allow"])
        more = [rename(ref) for ref in allowed]
        policy["allow"] = [*dict.fromkeys([*allowed, *more] if keep else more)]


def _renamed(value: Json, rename: Rename) -> Json:
    if isinstance(value, str):
        return rename(value)
    if isinstance(value, list):
        return [_renamed(item, rename) for item in value]
    if isinstance(value, dict):
        return {key: _renamed(below, rename) for key, below in value.items()}
    return value


def key_of(tree: JsonObject, agent: str) -> str:
    """Return an agent's key in `agents.entries`: OpenClaw takes any spelling there."""
    entries = found_table(tree, "agents", "entries")
    return next((key for key in entries if key.strip().lower() == agent), agent)
