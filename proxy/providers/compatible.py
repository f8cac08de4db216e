"""Whatever is compatible with OpenAI's API, at a base URL of its own: vLLM, llama.cpp, LM Studio, SGLang, LiteLLM, ...

A base URL may end with the version of its API (".../api/v4"); see `proxy.providers.paths.joined`. Some servers have no
version in their paths at all.
"""

from __future__ import annotations

from proxy.providers.openai import OpenAi, chat_paths, response_paths
from proxy.providers.paths import Paths


class Compatible(OpenAi):
    """Implements `proxy.providers.dialects.Api`."""

    base_url = ""
    paths = Paths(*chat_paths("/v1"), *response_paths("/v1"), *chat_paths(""))
