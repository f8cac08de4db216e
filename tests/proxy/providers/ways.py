"""Every provider's way of being asked, and how a client reads its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from safety_core.cli.demo.model import Received, Reply, Script
from tests.proxy.egress.setting import Setting
from tests.simulators.prompt_world import SECRETS

PASSWORD, TOKEN, PROVIDER_KEY = SECRETS.values()


def events(stream: bytes) -> Iterator[Any]:
    """Yield what a stream holds, whatever it comes in."""
    if stream.lstrip()[:1] == b"[":
        yield from json.loads(stream)
        return
    for line in stream.splitlines():
        data = line.removeprefix(b"data: ")
        if data.startswith(b"{"):
            yield json.loads(data)


def chat_text(event: Any) -> str:
    found = ""
    for choice in event.get("choices", []):
        told = choice.get("message") or choice.get("delta") or choice
        calls = told.get("tool_calls") or []
        found += told.get("content") or "".join(call["function"].get("arguments") or "" for call in calls)
    return found


def message_text(event: Any) -> str:
    blocks = event.get("content") or [event.get("delta") or {}]
    return "".join(block.get("text") or block.get("partial_json") or "" for block in blocks) + "".join(
        json.dumps(block["input"]) for block in blocks if block.get("input")
    )


def gemini_text(event: Any) -> str:
    parts = [part for each in event.get("candidates", []) for part in each["content"]["parts"]]
    return "".join(
        json.dumps(part["functionCall"]["args"]) if "functionCall" in part else part["text"] for part in parts
    )


def ollama_text(event: Any) -> str:
    message = event.get("message") or {"content": event.get("response", "")}
    calls = message.get("tool_calls", [])
    return str(message["content"]) + "".join(json.dumps(call["function"]["arguments"]) for call in calls)


def cohere_text(event: Any) -> str:
    message = event.get("message") or (event.get("delta") or {}).get("message") or {}
    content, calls = message.get("content") or {}, message.get("tool_calls") or []
    texts = content if isinstance(content, list) else [content]
    asked = calls if isinstance(calls, list) else [calls]
    return "".join(text.get("text", "") for text in texts) + "".join(call["function"]["arguments"] for call in asked)


def chat(content: str) -> dict[str, Any]:
    return {"model": "m-1", "max_tokens": 9, "messages": [{"role": "user", "content": content}]}


def gemini(content: str) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": content}]}], "generationConfig": {"maxOutputTokens": 9}}


@dataclass(frozen=True)
class Way:
    """One way to ask a model. `whole`, `stream`: what the body has more, and where it goes."""

    provider: str
    target: str
    body: Callable[[str], dict[str, Any]]
    text: Callable[[Any], str]
    key: tuple[str, str]
    streams: str = ""
    model: str = "m-1"
    whole: Any = None

    @property
    def unasked(self) -> bool:
        """Tell whether a stream states its usage unasked, in the shape of an API that has to be asked."""
        return self.provider in {"mistral", "cohere"} and self.text is chat_text

    def __str__(self) -> str:
        return self.provider + self.target


BEARER = ("authorization", f"Bearer {PROVIDER_KEY}")
GOOGLE, AZURE_KEY = ("x-goog-api-key", PROVIDER_KEY), ("api-key", PROVIDER_KEY)
MODEL = "/v1beta/models/m-1:"
DEPLOYED = "/openai/deployments/m-1/chat/completions?api-version=2024-10-21"
COMPATIBLE = ("openai", "deepseek", "groq", "openrouter", "mistral", "compatible", "ollama")
WAYS = [
    *(Way(name, "/v1/chat/completions", chat, chat_text, BEARER) for name in COMPATIBLE),
    Way("deepseek", "/chat/completions", chat, chat_text, BEARER),
    Way("compatible", "/chat/completions", chat, chat_text, BEARER),
    Way("gemini", "/v1beta/openai/chat/completions", chat, chat_text, BEARER),
    Way("cohere", "/compatibility/v1/chat/completions", chat, chat_text, BEARER),
    Way("azure", DEPLOYED, chat, chat_text, AZURE_KEY),
    Way("azure", "/openai/v1/chat/completions", chat, chat_text, AZURE_KEY),
    Way("mistral", "/v1/fim/completions", chat, chat_text, BEARER),
    Way("anthropic", "/v1/messages", chat, message_text, ("x-api-key", PROVIDER_KEY)),
    Way("deepseek", "/anthropic/v1/messages", chat, message_text, ("x-api-key", PROVIDER_KEY)),
    Way("openrouter", "/v1/messages", chat, message_text, BEARER),
    Way("gemini", MODEL + "generateContent", gemini, gemini_text, GOOGLE, MODEL + "streamGenerateContent?alt=sse"),
    Way("gemini", MODEL + "generateContent", gemini, gemini_text, GOOGLE, MODEL + "streamGenerateContent"),
    Way("ollama", "/api/chat", chat, ollama_text, BEARER, whole={"stream": False}),
    Way(
        "ollama",
        "/api/generate",
        lambda text: {"model": "m-1", "prompt": text},
        ollama_text,
        BEARER,
        whole={"stream": False},
    ),
    Way("cohere", "/v2/chat", chat, cohere_text, BEARER),
]


def stating(way: Way, script: Script) -> Script:
    """Let a script answer as `way` does, which may state usage unasked."""

    def asked(request: Received) -> Reply:
        assert b"include_usage" not in request.body
        body = {**request.json(), "stream_options": {"include_usage": True}}
        return script(replace(request, body=json.dumps(body).encode()))

    return asked if way.unasked else script


async def ask(setting: Setting, way: Way, content: str, *, stream: bool, **headers: str) -> httpx2.Response:
    body = way.body(content)
    if stream and not way.streams and way.whole is None:
        body["stream"] = True
    elif not stream:
        body |= way.whole or {}
    target = way.streams if stream and way.streams else way.target
    async with setting.client(**headers) as client:
        return await client.post(f"/{way.provider}{target}", json=body)
