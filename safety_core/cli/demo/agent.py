"""A small agent: official SDKs towards the model, the control socket towards its tools. It holds no provider key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from safety_core.canonical import JsonObject
from safety_core.errors import UnavailableError

NAME: Final = "shop-helper"
MODEL_OPENAI: Final = "gpt-5-mini"
MODEL_ANTHROPIC: Final = "claude-sonnet-4-5"

PATIENCE: Final = 120.0
"""Seconds for an answer, or for something that travels between edge and hub; a fraction of one on an idle machine."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A tool call that the model asked for."""

    id: str
    tool: str
    params: JsonObject


class Tools:
    """Asks the edge to run tools. Whatever is not "executed" has not run."""

    def __init__(self, socket: Path) -> None:
        transport = httpx2.HTTPTransport(uds=str(socket))
        self._client = httpx2.Client(transport=transport, base_url="http://edge", timeout=PATIENCE)

    def run(self, wish: Wish) -> dict[str, Any]:
        """Return the edge's answer to one call."""
        call: JsonObject = {"id": wish.id, "tool": wish.tool, "params": wish.params, "agent": NAME, "session": "demo"}
        return self.post("/v1/run", {"call": call, "wait": 0})

    def post(self, path: str, body: JsonObject) -> dict[str, Any]:
        """Return the answer to one request of the control listener, errors included."""
        answer: dict[str, Any] = self._client.post(path, json=body).json()
        return answer

    def status(self) -> dict[str, Any]:
        """Return what is in force at the edge."""
        answer: dict[str, Any] = self._client.get("/v1/status").json()
        return answer

    def close(self) -> None:
        """End the connection."""
        self._client.close()


class OpenAIChat:
    """One conversation through `openai`, streamed."""

    def __init__(self, egress: str, token: str) -> None:
        self._client = _sdk("openai").OpenAI(base_url=f"{egress}/v1", api_key=token, max_retries=0)
        self._messages: list[dict[str, Any]] = []

    def say(self, text: str) -> tuple[str, Wish | None]:
        """Send the owner's words and return what the model answers: a text, a wish, or both."""
        self._messages.append({"role": "user", "content": text})
        return self._turn()

    def give(self, wish: Wish, result: str) -> tuple[str, Wish | None]:
        """Send what came of a wish and return what the model answers."""
        self._messages.append({"role": "tool", "tool_call_id": wish.id, "content": result})
        return self._turn()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def _turn(self) -> tuple[str, Wish | None]:
        text, calls = "", dict[int, dict[str, str]]()
        for chunk in self._client.chat.completions.create(model=MODEL_OPENAI, messages=self._messages, stream=True):
            for choice in chunk.choices:
                text += choice.delta.content or ""
                for piece in choice.delta.tool_calls or []:
                    call = calls.setdefault(piece.index, {"id": piece.id or "", "name": "", "arguments": ""})
                    call["name"] += piece.function.name or ""
                    call["arguments"] += piece.function.arguments or ""
        wish = next((Wish(call["id"], call["name"], json.loads(call["arguments"])) for call in calls.values()), None)
        self._remember(text, wish)
        return text, wish

    def _remember(self, text: str, wish: Wish | None) -> None:
        message: dict[str, Any] = {"role": "assistant", "content": text or None}
        if wish:
            function = {"name": wish.tool, "arguments": json.dumps(wish.params)}
            message["tool_calls"] = [{"id": wish.id, "type": "function", "function": function}]
        self._messages.append(message)


class AnthropicChat:
    """One conversation through `anthropic`, streamed."""

    def __init__(self, egress: str, token: str) -> None:
        self._client = _sdk("anthropic").Anthropic(base_url=egress, api_key=token, max_retries=0)
        self._messages: list[dict[str, Any]] = []

    def say(self, text: str) -> tuple[str, Wish | None]:
        """Send the owner's words and return what the model answers: a text, a wish, or both."""
        self._messages.append({"role": "user", "content": text})
        return self._turn()

    def give(self, wish: Wish, result: str) -> tuple[str, Wish | None]:
        """Send what came of a wish and return what the model answers."""
        block = {"type": "tool_result", "tool_use_id": wish.id, "content": result}
        self._messages.append({"role": "user", "content": [block]})
        return self._turn()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def _turn(self) -> tuple[str, Wish | None]:
        with self._client.messages.stream(model=MODEL_ANTHROPIC, max_tokens=256, messages=self._messages) as stream:
            message = stream.get_final_message()
        blocks = [block.model_dump(include={"type", "text", "id", "name", "input"}) for block in message.content]
        self._messages.append({"role": "assistant", "content": blocks})
        text = "".join(block["text"] for block in blocks if block["type"] == "text")
        wishes = [Wish(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]
        return text, next(iter(wishes), None)


def _sdk(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError as error:
        raise UnavailableError(
            name, "is not installed", "pip install 'safety-gateway[demo]', or `make demo` in a checkout"
        ) from error
