"""A customer's machine for the tests of this folder: what they do there, and what they see of it."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from safety_core.cli.demo.model import Model
from tests.simulators.mail_house import MailHouse
from tests.simulators.openclaw import Gateway
from tests.simulators.openclaw_host import Api
from tests.simulators.openclaw_operator import Turn
from tests.simulators.scripted_model import Call, Say, Step, script, tool_results
from tests.simulators.site import Edge, Process, Site
from tests.simulators.telegram import Telegram

WAIT_SECONDS: Final = 60.0
APIS: Final[Mapping[str, Api]] = {
    "main": "openai-completions",
    "replies": "openai-responses",
    "claude": "anthropic-messages",
    "gemini": "google-generative-ai",
    "llama": "ollama",
}
"""Agent -> the API in which it talks to its model."""

CHATTED: Final = "TYPED_INTO_A_CHAT"
"""The one secret that a person types into a messenger."""

RECITED: Final = "RECITED_IN_A_CHAT"
"""The one secret that a model which is asked past the edge says to a person."""

_BACKGROUND: Final = re.compile(r"session ([\w-]+)")
_APPROVAL: Final = re.compile(r"pending approval ([0-9a-f]{32})")


@dataclass(frozen=True)
class Told:
    """What came of one scripted tool call: what the model was told of it, and the turn it was in."""

    result: str
    turn: Turn

    @property
    def approval(self) -> str:
        """The id of the question that a person has to answer now."""
        found = _APPROVAL.search(self.result)
        assert found, self.result
        return found[1]


@dataclass
class World:
    """All parts of the machine.

    Attributes:
        tokens: agent -> its token at the egress.
        values: the planted secrets by name.
        house: keeps the shop's mail.
    """

    site: Site
    hub: Process
    edge: Edge
    edge_settings: dict[str, str]
    model: Model
    messenger: Telegram
    gateway: Gateway
    tokens: dict[str, str]
    values: dict[str, str]
    house: MailHouse
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def workspace(self) -> Path:
        """The folder in which the agents work."""
        return self.site.workspace

    def say(self, *steps: Step, agent: str = "main", said: str = "", session: str = "") -> tuple[list[str], Turn]:
        """Let the agent's model take steps in a new session; return the tool results that it was told of, and the turn.

        Args:
            said: what the person writes besides.
            session: the key of a session to go on in, instead.
        """
        marker = f"conversation {secrets.token_hex(6)}"
        turn = self.gateway.say(f"{marker} {said} {script(*steps)}", agent=agent, session=session)
        return tool_results(self.model, marker), turn

    def call(self, tool: str, /, *, agent: str = "main", said: str = "", session: str = "", **params: Any) -> Told:
        """Let the agent's model call one tool."""
        results, turn = self.say(Call(tool, params), Say("that is all"), agent=agent, said=said, session=session)
        assert results, f"{turn}\n{self.gateway.log[-2000:]}"
        return Told(results[-1], turn)

    def exec(self, command: str, **options: Any) -> Told:
        """Let the agent's model run a shell command."""
        return self.call("exec", command=command, **options)

    def inner(self, tool: str, *, agent: str = "main", session: str = "", **args: Any) -> Told:
        """Let the agent's model call a tool that OpenClaw shows it only by way of `tool_call`."""
        return self.call("tool_call", agent=agent, session=session, id=tool, args=args)

    def in_background(self, command: str, *, agent: str = "main", session: str = "") -> tuple[str, str]:
        """Let the agent's model start a command, go on, and ask for its output later; return both results."""
        start = Call("exec", {"command": command, "background": True})
        (started,), turn = self.say(start, Say("It runs."), agent=agent, session=session)
        found = _BACKGROUND.search(started)
        assert found, started
        poll = Call("process", {"action": "poll", "sessionId": found[1], "timeout": 20_000})
        results, _ = self.say(poll, poll, poll, poll, Say("It has run."), session=turn.session)
        return started, "\n".join(results)

    def answer(self, told: Told, *, allow: bool = True) -> None:
        """Answer a question at the hub, and wait until the edge has the answer."""
        pending = self.pending()
        self.site.answer(told.approval, allow=allow)
        wait_until(lambda: self.pending() < pending)

    def edit(self, approval: str, **params: Any) -> str:
        """Change arguments of a call that waits, at the hub; return the id of the question about the changed one."""
        self.questions()
        with self.site.as_person("approver") as client:
            asked = client.get(f"/v1/approvals/{approval}").json()["request"]
            done = client.post(f"/v1/approvals/{approval}/edit", json={"params": {**asked["params"], **params}})
            assert done.status_code == 202, done.text

            def instead() -> list[str]:
                every = [entry["request"] for entry in client.get("/v1/approvals").json()["approvals"]]
                return [request["id"] for request in every if request.get("edited_from") == approval]

            wait_until(lambda: bool(instead()))
            return instead()[0]

    def questions(self) -> list[str]:
        """Return the ids of what the hub shows the approver, the newest first, once every question is there."""
        wait_until(lambda: self.edge.status()["approvals"]["unsent"] == 0)
        with self.site.as_person("approver") as client:
            return [entry["request"]["id"] for entry in client.get("/v1/approvals").json()["approvals"]]

    def pending(self) -> int:
        """Return how many questions the edge has open."""
        return int(self.edge.status()["approvals"]["pending"])

    def plugins(self) -> dict[str, Any]:
        """Return what the edge says of each plugin that is there, by agent."""
        return {entry["agent"]: entry for entry in self.edge.status()["plugins"] if entry["state"] == "present"}

    def history(self, session: str) -> str:
        """Return what was said in a session, as JSON."""
        return json.dumps(self.gateway.call("chat.history", sessionKey=session, limit=100))

    def sent(self) -> bytes:
        """Return everything that reached the model."""
        return b"\n".join(request.body for request in self.model.requests)

    def restart_edge(self) -> None:
        """Start the edge anew, after it has ended, and wait for every plugin."""
        self.edge = self.stack.enter_context(self.site.edge(**self.edge_settings))
        wait_until(lambda: self.tokens.keys() - {"unguarded"} <= self.plugins().keys())

    def restart_hub(self) -> None:
        """Start the hub anew, where it was."""
        port = int(self.site.hub_url.rpartition(":")[2])
        self.hub = self.stack.enter_context(self.site.hub(port))

    def safety(self, *arguments: str, text: str = "") -> str:
        """Run `safety` on the edge's folder, as a person does, and return what it prints."""
        return run_safety(self.site, *arguments, text=text)


def run_safety(here: Site, *arguments: str, text: str = "", environ: Mapping[str, str] | None = None) -> str:
    """Run `safety` on the edge's folder, as a person does, and return what it prints."""
    command = [sys.executable, "-m", "safety_core.cli", *arguments]
    named = {**os.environ, **(environ or {}), "SAFETY_HOME": str(here.home.path)}
    done = subprocess.run(command, input=text, env=named, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what other processes bring about."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
