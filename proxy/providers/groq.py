"""Groq: OpenAI's API. A stream also states its usage unasked, in `x_groq`, which is read as well."""

from __future__ import annotations

from proxy.providers.openai import OpenAi


class Groq(OpenAi):
    """Implements `proxy.providers.dialects.Api`."""

    base_url = "https://api.groq.com/openai"
