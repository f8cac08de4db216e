"""Every model provider leads to the edge, and holds no key of its own."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ada_url import URL

from safety_core.canonical import Json, JsonObject
from safety_core.cli.openclaw.keys import keyless, take_key, take_variables
from safety_core.cli.openclaw.models import clone, named_models, own_models
from safety_core.cli.openclaw.tree import found, found_table, table
from safety_core.cli.openclaw.wish import Upstream, Wish, owner, source, token_ref
from safety_core.errors import InputError
from safety_core.model.secret import SecretName, SecretValue

APIS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "openai-completions": ("openai", "/v1"),
        "openai-responses": ("openai", "/v1"),
        "anthropic-messages": ("anthropic", ""),
        "google-generative-ai": ("gemini", "/v1beta"),
        "ollama": ("ollama", ""),
        "azure-openai-responses": ("azure", "/openai/v1"),
    }
)
"""OpenClaw's APIs that the edge speaks -> its dialect, and what OpenClaw expects a base URL to end with."""

KNOWN: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "openai": ("https://api.openai.com/v1", "openai-responses"),
        "anthropic": ("https://api.anthropic.com", "anthropic-messages"),
        "openrouter": ("https://openrouter.ai/api/v1", "openai-completions"),
        "google": ("https://generativelanguage.googleapis.com/v1beta", "google-generative-ai"),
        "ollama": ("http://127.0.0.1:11434", "ollama"),
        "mistral": ("https://api.mistral.ai/v1", "openai-completions"),
        "groq": ("https://api.groq.com/openai/v1", "openai-completions"),
        "deepseek": ("https://api.deepseek.com", "openai-completions"),
    }
)
"""Providers that OpenClaw knows without being told -> base URL and API."""

_OWN_KIND: Final = frozenset({"openrouter", "mistral", "groq", "deepseek"})
"""Providers that OpenClaw speaks OpenAI's completions with, and whose own dialect the edge has."""

_VERSION: Final = re.compile(r"/v\d+(?:alpha|beta)?\d*\Z")

_AWAY: Final = ("auth", "authHeader", "headers", "localService")
"""What could carry a key, or start another model: the edge gives the provider its key."""

_ROUTES: Final = ("auth", "headers", "proxy", "tls")
"""What of `request` could lead somewhere else."""


@dataclass(slots=True)
class Routed:
    """What was found on the way."""

    upstreams: dict[str, Upstream] = field(default_factory=dict)
    keys: dict[SecretName, SecretValue] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def lead_to_edge(tree: JsonObject, wish: Wish, agents: tuple[str, ...]) -> Routed:
    """Lead every provider of `tree` to the edge.

    Raises:
        InputError: the edge does not speak a provider's API, or nothing says where the provider is.
    """
    routed = Routed()
    models = table(tree, "models")
    models["mode"] = "replace"
    table(models, "catalogRefresh")["enabled"] = False
    entries = table(models, "providers")
    else_named = {provider for provider, _ in named_models(tree)}
    for name in sorted(wish.without - entries.keys() - else_named):
        routed.notes.append(f"there is no model provider {name} to leave out: is it spelt as in models.providers?")
    for name in wish.without & entries.keys():
        del entries[name]
    again = {name for name, entry in entries.items() if owner(entry) in agents[1:]}
    for name in again:
        del entries[name]
    _add_named(tree, entries, routed, wish.without, again)
    for name in [*entries]:
        entries[name] = _led(name, table(entries, name), wish, agents[0], routed)
    take_variables(tree, routed.keys)
    _tokens(tree, entries, wish, agents)
    return routed


def _add_named(
    tree: JsonObject, entries: JsonObject, routed: Routed, without: Collection[str], again: Collection[str]
) -> None:
    """Write down what OpenClaw knows by itself: with "replace", only what is written down exists."""
    for provider, model in named_models(tree):
        if provider in again:
            continue
        if provider in without:
            fix = f"name another model, or do not leave {provider} out"
            raise InputError(f"model {provider}/{model}", "is an agent's, and its provider is to be left out", fix)
        if provider not in entries and provider not in KNOWN:
            fix = f"write its baseUrl, api and models into models.providers.{provider}, or name another model"
            raise InputError(f"model {provider}/{model}", "has a provider that openclaw.json does not describe", fix)
        entry = table(entries, provider)
        listed = entry.setdefault("models", [])
        if isinstance(listed, list) and model not in [found(item, "id") for item in listed]:
            listed.append({"id": model, "name": model})
            routed.notes.append(f"{provider}/{model} is written down with OpenClaw's defaults: add its contextWindow")


def _led(name: str, entry: JsonObject, wish: Wish, agent: str, routed: Routed) -> JsonObject:
    """Return a provider's entry as it leads to the edge, and note what the edge must know."""
    base, api = KNOWN.get(name, ("", "openai-completions"))
    api = str(entry.get("api") or api)
    if api not in APIS:
        fix = f"leave it out with --without {name}, or give it an API of {', '.join(APIS)}"
        raise InputError(f"models.providers.{name}", f"speaks {api}, which the edge does not", fix)
    dialect, suffix = APIS[api]
    dialect = name if name in _OWN_KIND and api == "openai-completions" else dialect
    slug = edge_name(name)
    here = f"{wish.egress}/{slug}{suffix}"
    stated = str(entry.get("baseUrl") or base)
    if owner(entry) is not None or stated.startswith(f"{wish.egress}/"):
        if slug in wish.upstreams:
            routed.upstreams[slug] = wish.upstreams[slug]
        else:
            routed.notes.append(f"{name} leads to the edge already; the edge must know it as {slug}")
    elif slug in routed.upstreams:
        raise InputError(f"models.providers.{name}", f"and another provider are both {slug} to the edge", "rename one")
    else:
        free = keyless(api, stated, entry)
        key = None if free else take_key(name, slug, entry, routed.keys, routed.notes)
        routed.upstreams[slug] = Upstream(_upstream(name, stated, suffix), dialect, key)
    led: JsonObject = {key: copy.deepcopy(value) for key, value in entry.items() if key not in _AWAY}
    led.update(baseUrl=here, api=api, apiKey=token_ref(agent))
    request = found_table(led, "request")
    for route in _ROUTES:
        request.pop(route, None)
    led["models"] = [_plain_model(name, model, APIS[api]) for model in _items(led.get("models"))]
    return led


def _plain_model(name: str, model: Json, way: tuple[str, str]) -> Json:
    """Return a model without an address and headers of its own. `way`: how the edge speaks with its provider."""
    if not isinstance(model, dict):
        return model
    api = model.get("api")
    if api is not None and APIS.get(str(api)) != way:
        thing = f"models.providers.{name}, model {model.get('id')}"
        raise InputError(thing, "speaks another API than its provider", "give it a provider of its own")
    return {key: value for key, value in model.items() if key not in {"baseUrl", "headers"}}


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def edge_name(name: str) -> str:
    """Return a provider's name as the edge may have it: the first segment of its path."""
    slug = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")[:32]
    return slug if slug[:1].isalpha() else f"p-{slug}"[:32]


def _upstream(name: str, stated: str, suffix: str) -> str:
    """Return a provider's address as the edge must know it: what stands before `suffix`, which OpenClaw asks below.

    An address with another version keeps it: the edge drops the client's (`proxy.providers.paths.joined`).
    """
    thing = f"models.providers.{name}.baseUrl"
    try:
        url = URL(stated)
    except ValueError as error:
        raise InputError(thing, "is no address", "write https://host/v1") from error
    if url.protocol not in {"https:", "http:"} or url.username or url.password or url.search or url.hash:
        raise InputError(thing, "must be http(s)://host[:port][/path], without a user, query or fragment")
    plain = stated.rstrip("/")
    ending = suffix or "/v1"
    if plain.endswith(ending):
        return plain.removesuffix(ending)
    if suffix and url.pathname.strip("/") and not (_VERSION.search(plain) and _VERSION.fullmatch(suffix)):
        fix = f"give the address that ends with {suffix}, or leave it out with --without {name}"
        raise InputError(thing, f"does not end with {suffix} or another version, which the edge asks below", fix)
    return plain


def _tokens(tree: JsonObject, entries: JsonObject, wish: Wish, agents: tuple[str, ...]) -> None:
    """Let OpenClaw read each agent's token from its file, and give every agent but the first its own entries."""
    sources = table(tree, "secrets", "providers")
    for agent in agents:
        sources[source(agent)] = {"source": "file", "path": wish.tokens[agent], "mode": "singleValue"}
    shared = dict(entries)
    for agent in agents[1:]:
        for name, entry in shared.items():
            if clone(name, agent) in shared:
                fix = "rename the agent or the provider"
                raise InputError(f"models.providers.{clone(name, agent)}", f"is the name for agent {agent}", fix)
            own = copy.deepcopy(entry)
            table({"own": own}, "own")["apiKey"] = token_ref(agent)
            entries[clone(name, agent)] = own
        own_models(tree, agent, shared.keys())
