"""The APIs by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

from proxy.providers.anthropic import Anthropic
from proxy.providers.api import JsonApi
from proxy.providers.azure import Azure
from proxy.providers.bedrock import Bedrock
from proxy.providers.cohere import Cohere, CohereChat
from proxy.providers.compatible import Compatible
from proxy.providers.deepseek import DeepSeek, DeepSeekMessages
from proxy.providers.gemini import Gemini, GeminiChat, GeminiStreams
from proxy.providers.groq import Groq
from proxy.providers.mistral import Mistral
from proxy.providers.ollama import Ollama, OllamaChat
from proxy.providers.openai import OpenAi
from proxy.providers.openrouter import OpenRouter, OpenRouterMessages
from proxy.providers.paths import Paths
from safety_core.flow.dialect import Dialect
from safety_core.flow.egress_effects import Headers, UpstreamRequest


class Api(Dialect, Protocol):
    """A dialect, and how its provider is spoken to."""

    @property
    def paths(self) -> Paths:
        """Which requests there are."""

    def authorized(self, request: UpstreamRequest, url: str, key: str, now: float) -> Headers:
        """Return the request's headers, with what shows that `key` is held.

        Args:
            url: where the request goes, query included.
            key: as it stands in the vault; empty for a provider that needs none.
            now: seconds since the epoch.
        """


_PARTS: Final[Mapping[str, tuple[Api, ...]]] = MappingProxyType(
    {
        "openai": (OpenAi(),),
        "anthropic": (Anthropic(),),
        "gemini": (Gemini(), GeminiStreams(), GeminiChat()),
        "ollama": (Ollama(), OllamaChat()),
        "bedrock": (Bedrock(),),
        "mistral": (Mistral(),),
        "cohere": (Cohere(), CohereChat()),
        "deepseek": (DeepSeek(), DeepSeekMessages()),
        "groq": (Groq(),),
        "openrouter": (OpenRouter(), OpenRouterMessages()),
        "azure": (Azure(),),
        "compatible": (Compatible(),),
    }
)
"""The APIs that a provider speaks, each under paths of its own; the first is the provider's own."""

DIALECTS: Final[Mapping[str, Api]] = MappingProxyType({name: parts[0] for name, parts in _PARTS.items()})

HOSTS: Final[Mapping[str, str]] = MappingProxyType(
    {name: api.base_url for name, api in DIALECTS.items() if isinstance(api, JsonApi) and api.base_url}
)
"""Where a provider is, unless its settings say otherwise."""


def part_of(dialect: str, method: str, path: str) -> Api | None:
    """Return the API of a provider that lists this request, else one that lists the path, None where none does."""
    parts = _PARTS[dialect]
    listed = (api for api in parts if api.paths.find(method, path) is not None)
    return next(listed, None) or next((api for api in parts if api.paths.has(path)), None)


def api_for(dialect: str, method: str, path: str) -> Api:
    """Return the API that answers a request to a provider: the one that lists it, else the one that it is nearest to,
    for a refusal in a shape that its client reads.
    """
    return part_of(dialect, method, path) or max(_PARTS[dialect], key=lambda api: api.paths.nearness(path))
