"""The scripted model, told by the prompt itself what to do, and in a thread of its own.

    with scripted_model() as model:
        prompt = script(Call("exec", {"command": "ls"}), Say("done"))
        ...                                   # an agent sends `prompt` as its user message to model.url
        tool_results(model, "ls")             # what the model was told

The first step is taken at once, each further one when one more tool result has come in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from safety_core.canonical import Json
from safety_core.cli.demo.answers import call_tool, say
from safety_core.cli.demo.model import Model, Received, Reply, running

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


def script(*steps: Call | Say) -> str:
    """Return the part of a user message that makes the model take these steps."""
    listed = [{"tool": s.tool, "params": dict(s.params)} if isinstance(s, Call) else {"say": s.text} for s in steps]
    return f"<script>{json.dumps(listed)}</script>"


def follow_the_prompt(request: Received) -> Reply:
    """Take the step that is next in the newest script of the prompt."""
    step = _next_step(request.json()["messages"])
    if "tool" in step:
        return call_tool(step["tool"], step["params"])(request)
    return say(step["say"])(request)


def scripted_model() -> AbstractContextManager[Model]:
    """Run a model that follows its prompts, for tests that are not coroutines themselves."""
    return running(follow_the_prompt)


def tool_results(model: Model, marker: str) -> list[str]:
    """Return the tool results in the newest request whose user messages mention `marker`."""
    for request in reversed(model.requests):
        messages = request.json()["messages"]
        if any(message["role"] == "user" and marker in _text(message) for message in messages):
            return [_text(message) for message in messages if message["role"] == "tool"]
    return []


def _next_step(messages: list[Any]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    reached = 0
    for message in messages:
        found = _SCRIPT.findall(_text(message)) if message["role"] == "user" else []
        if found:
            steps, reached = json.loads(found[-1]), 0
        elif message["role"] == "tool":
            reached += 1
    return steps[reached] if reached < len(steps) else {"say": "nothing more to do"}


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)
