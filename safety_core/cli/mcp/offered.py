"""What the edge can do for an agent, as tools of MCP; a call of one, as a call to the edge.

Models take only plain names for tools, so `crm.create_contact` is offered as `crm_create_contact`. Where two would have
one name, neither is offered: a name must not mean now the one and now the other.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from safety_core.canonical import Json, JsonObject
from safety_core.cli.edge_socket import ask_edge
from safety_core.errors import InputError
from safety_core.wire.reader import Reader

SPARE: Final = 660.0
"""Seconds that a call may take beside the wait for a person: longer than the edge lets any run."""

COMMAND: Final = "run_command"
"""As what commands are offered."""

_COMMAND: Final[JsonObject] = {
    "name": COMMAND,
    "description": "Run a shell command in the workspace. SECRET_REF(NAME) in it stands for a stored secret.",
    "inputSchema": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
}
_ODD: Final = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST: Final = 64
"""Characters that every client and model takes."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What one client is offered, as one agent.

    Attributes:
        socket: of the edge.
        wait: seconds for a person's answer.
        commands: whether it may run them.
        session: of this process; approvals do not go by it.
    """

    socket: Path
    agent: str
    wait: float
    commands: bool = False
    session: str = field(default_factory=lambda: f"mcp-{uuid4().hex}")

    def tools(self) -> list[Json]:
        """Return the tools as `tools/list` does. Raises SafetyError."""
        described: list[Json] = [
            {
                "name": name,
                "description": tool.text("words", limit=100_000),
                "inputSchema": {"type": "object", **tool.mapping("parameters")},
            }
            for name, tool in self._named().items()
        ]
        return [*([_COMMAND] if self.commands else []), *described]

    def call(self, name: str, arguments: JsonObject) -> JsonObject:
        """Return what came of a call, as `tools/call` does.

        Raises:
            SafetyError: there is no such tool, or the edge does not answer.
        """
        tool = self._tool(name)
        call: JsonObject = {
            "id": uuid4().hex,
            "tool": tool,
            "params": arguments,
            "agent": self.agent,
            "session": self.session,
        }
        body: JsonObject = {"call": call, "wait": self.wait}
        return _told(Reader(ask_edge(self.socket, "POST", "/v1/run", body, seconds=self.wait + SPARE), "answer"))

    def _tool(self, name: str) -> str:
        if name == COMMAND and self.commands:
            return "exec"
        found = self._named().get(name)
        if found is None:
            raise InputError("the call", "names a tool that is not offered", "list the tools again")
        return found.text("tool")

    def _named(self) -> dict[str, Reader]:
        answer = Reader(ask_edge(self.socket, "POST", "/v1/tools", {"agent": self.agent}), "answer")
        tools = [(plain_name(tool.text("tool")), tool) for tool in answer.objects("tools")]
        often = Counter([COMMAND, *(name for name, _ in tools)])
        return {name: tool for name, tool in tools if often[name] == 1}


def plain_name(tool: str) -> str:
    """Return a tool's name as models take it."""
    return _ODD.sub("_", tool)[:_LONGEST]


def _told(answer: Reader) -> JsonObject:
    if answer.text("status") != "executed":
        return failed(". ".join(filter(None, _why(answer))))
    output, status = answer.json("output"), answer.integer("exit", 0, maximum=2**31)
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    return {"content": [{"type": "text", "text": text}], "isError": status != 0}


def _why(answer: Reader) -> Iterator[str]:
    yield answer.text("reason", "", limit=100_000)
    if answer.text("status") == "pending":
        name = answer.object("approval").text("id")
        yield f"It waits for a person: pending approval {name}. Once they have answered, make the same call again"
    if answer.has("instead"):
        yield f"Make this call instead: {json.dumps(answer.json('instead'), ensure_ascii=False)}"


def failed(reason: str) -> JsonObject:
    """Return what a call comes to that was not made: for the model, which may do something else."""
    return {"content": [{"type": "text", "text": f"Safety Gateway: not done. {reason}"}], "isError": True}
