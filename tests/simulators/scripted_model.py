"""The scripted model, told by the prompt itself what to do, in every API, and in a thread of its own.

    with scripted_model() as model:
        prompt = script(Call("exec", {"command": "ls"}), Say("done"))
        ...                                   # an agent sends `prompt` as its user message to model.url
        tool_results(model, "ls")             # what the model was told

Every answer takes the next step of the newest script, so a later user message without a script (somebody was woken)
goes on with it; a message after the last step is answered with "nothing more to do".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from safety_core.canonical import Json
from safety_core.cli.demo.model import Model, Received, Reply, running
from tests.simulators import providers

_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True)
class Call:
    """The model calls a tool."""

    tool: str
    params: Mapping[str, Json]


@dataclass(frozen=True)
class Say:
    """The model answers with text."""

    text: str


@dataclass(frozen=True)
class Recite:
    """The model answers with a text that it knows and its prompt does not: see `KNOWN`."""

    key: str


@dataclass(frozen=True)
class Line:
    """One message of a conversation, in no API's own form. A call of the model's is a line without text."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str


Step: TypeAlias = Call | Say | Recite

KNOWN: Final[dict[str, str]] = {}
"""What every scripted model knows by heart."""


def script(*steps: Step) -> str:
    """Return the part of a user message that makes the model take these steps."""
    # A call's arguments may hold a script of their own.
    inside = json.dumps([_listed(step) for step in steps]).replace("<", "\\u003c")
    return f"<script>{inside}</script>"


def _listed(step: Step) -> dict[str, Any]:
    if isinstance(step, Call):
        return {"tool": step.tool, "params": dict(step.params)}
    return {"say": step.text} if isinstance(step, Say) else {"recite": step.key}


def follow_the_prompt(request: Received) -> Reply:
    """Take the step that is next in the newest script of the prompt."""
    step = _next_step(conversation(request))
    if "tool" in step:
        return providers.call_tool(step["tool"], step["params"])(request)
    return providers.say(KNOWN[step["recite"]] if "recite" in step else step["say"])(request)


def scripted_model() -> AbstractContextManager[Model]:
    """Run a model that follows its prompts, for tests that are not coroutines themselves."""
    return running(follow_the_prompt)


def tool_results(model: Model, marker: str) -> list[str]:
    """Return the tool results in the newest request whose user messages mention `marker`."""
    for request in reversed(model.requests):
        lines = conversation(request)
        if any(line.role == "user" and marker in line.text for line in lines):
            return [line.text for line in lines if line.role == "tool"]
    return []


def conversation(request: Received) -> list[Line]:
    """Return the messages of a request of any API, in order."""
    body = request.json()
    if "contents" in body:
        return [*_contents(body["contents"])]
    return [*_items(body["input"])] if "input" in body else [*_messages(body.get("messages", []))]


def _contents(contents: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Yield the lines of Gemini's conversations, whose user brings the results."""
    for content in contents:
        parts = content["parts"]
        results = [part["functionResponse"]["response"] for part in parts if "functionResponse" in part]
        yield from (Line("tool", str(*result.values())) for result in results)
        if not results:
            yield Line("user" if content.get("role") == "user" else "assistant", _text(parts))


def _items(items: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Yield the lines of the responses API."""
    for item in items:
        if item.get("type") == "function_call_output":
            yield Line("tool", _text(item["output"]))
        elif item.get("type") == "function_call":
            yield Line("assistant", "")
        elif "role" in item:
            yield Line(item["role"] if item["role"] != "developer" else "system", _text(item.get("content")))


def _messages(messages: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Yield the lines of chat completions, and of Anthropic's messages, which puts results into those of the user."""
    for message in messages:
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        yield from (Line("tool", _text(part.get("content"))) for part in parts if part.get("type") == "tool_result")
        said = [part for part in parts if part.get("type") == "text"] if parts else content
        if message["role"] != "user" or said:
            yield Line(message["role"], _text(said))


def _next_step(lines: Sequence[Line]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    taken = 0
    for line in lines:
        found = _steps(line.text) if line.role == "user" else None
        if found is not None:
            steps, taken = found, 0
        elif line.role == "assistant":
            taken += 1
    return steps[taken] if taken < len(steps) else {"say": "nothing more to do"}


def _steps(text: str) -> list[dict[str, Any]] | None:
    """Return the last script of a text; None also for one that is only quoted, with its marks escaped."""
    found = _SCRIPT.findall(text)
    try:
        return list(json.loads(found[-1])) if found else None
    except ValueError:
        return None


def _text(content: Any) -> str:
    if isinstance(content, str) or not content:
        return content or ""
    return "\n".join(part.get("text") or "" for part in content)
