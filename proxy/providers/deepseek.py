"""DeepSeek: OpenAI's chat completions with or without a version in the path, and Anthropic's messages.

Source: DeepSeek API docs. Below /beta there are completions in the middle of a text, and prefixes of answers.
"""

from __future__ import annotations

from proxy.providers.anthropic import Anthropic, message_paths
from proxy.providers.openai import OpenAi, chat_paths
from proxy.providers.paths import Paths


class DeepSeek(OpenAi):
    """Implements `proxy.providers.dialects.Api`."""

    base_url = "https://api.deepseek.com"
    paths = Paths(*chat_paths(""), *chat_paths("/v1"), *chat_paths("/beta"))


class DeepSeekMessages(Anthropic):
    """DeepSeek's part that speaks Anthropic's API."""

    base_url = DeepSeek.base_url
    paths = Paths(*message_paths("/anthropic"))
