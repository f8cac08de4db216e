"""One real OpenClaw for all tests of this folder, with the real edge and hub, and a scripted model behind the edge."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from safety_core.canonical import Json
from safety_core.cli.demo.model import Model
from tests.simulators.openclaw import Endpoint, Gateway, Turn, free_port
from tests.simulators.scripted_model import Call, Say, script, scripted_model, tool_results
from tests.simulators.site import Edge, Site, site

UPSTREAM_KEY = "OPENAI_API_KEY"


@dataclass(frozen=True)
class Told:
    """What came of one scripted tool call: what the model was told of it, and the turn it was in."""

    result: str
    turn: Turn


@dataclass
class World:
    """A customer's machine. `tokens`: agent -> its token at the egress; `values`: the planted secrets by name."""

    site: Site
    edge: Edge
    edge_settings: dict[str, str]
    model: Model
    gateway: Gateway
    tokens: dict[str, str]
    values: dict[str, str]

    def call(self, tool: str, *, agent: str = "main", said: str = "", **params: Any) -> Told:
        """Let the agent's model call one tool in a new session; `said` is what the person writes besides."""
        marker = f"conversation {secrets.token_hex(6)}"
        turn = self.gateway.say(f"{marker} {said} {script(Call(tool, params), Say('that is all'))}", agent=agent)
        results = tool_results(self.model, marker)
        assert len(results) == 1, f"{turn} {results}"
        return Told(results[0], turn)

    def exec(self, command: str, **options: Any) -> Told:
        """Let the agent's model run a shell command."""
        return self.call("exec", command=command, **options)

    @property
    def workspace(self) -> Path:
        return self.site.workspace

    def pending(self) -> int:
        """Return how many questions the edge has open."""
        return int(self.edge.status()["approvals"]["pending"])

    def sent(self) -> bytes:
        """Return everything that reached the model."""
        return b"\n".join(request.body for request in self.model.requests)


@pytest.fixture(scope="module")
def world() -> Generator[World, None, None]:
    tokens = {agent: secrets.token_hex(24) for agent in ("main", "unguarded")}
    with ExitStack() as stack:
        here = stack.enter_context(site())
        model = stack.enter_context(scripted_model())
        settings = edge_settings(model, tokens)
        gateway = start_gateway(here, model, settings["EGRESS_PORT"], tokens["main"])
        stack.callback(gateway.stop)
        stack.enter_context(here.hub())
        here.introduce()
        here.publish()
        edge = stack.enter_context(here.edge(**settings))
        values = {UPSTREAM_KEY: f"upstream-{secrets.token_hex(16)}", "DB_PASSWORD": f"pw-{secrets.token_hex(12)}"}
        for name, value in values.items():
            run_safety(here, "secret", "set", name, text=value)
        gateway.await_ready()
        yield World(here, edge, settings, model, gateway, tokens, values)


def start_gateway(here: Site, model: Model, egress: str, token: str) -> Gateway:
    """Start OpenClaw while the rest is still to come: it finds the edge as soon as that is there."""
    folder = here.folder / "openclaw"
    folder.mkdir()
    here.workspace.mkdir()
    plugin_config: dict[str, Json] = {"socket": str(here.home.socket), "approvalWait": 0}
    models = {
        "main": Endpoint(f"http://127.0.0.1:{egress}/openai/v1", token),
        "direct": Endpoint(f"{model.url}/v1", "unguarded"),
    }
    return Gateway.start(folder, here.workspace, plugin_config, models)


def run_safety(here: Site, *arguments: str, text: str = "") -> str:
    """Run `safety` on the edge's folder, as a person does, and return what it prints."""
    command = [sys.executable, "-m", "safety_core.cli", *arguments]
    environ = {**os.environ, "SAFETY_HOME": str(here.home.path)}
    done = subprocess.run(command, input=text, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def edge_settings(model: Model, tokens: dict[str, str]) -> dict[str, str]:
    """Return the edge's settings: agents reach the model with their tokens, and only while their plugin is there."""
    provider = {"base_url": model.url, "key_secret": UPSTREAM_KEY}
    clients = {agent: hashlib.sha256(token.encode()).hexdigest() for agent, token in tokens.items()}
    return {
        "EGRESS_PORT": str(free_port()),
        "EGRESS_ALLOW_PRIVATE_UPSTREAMS": "true",
        "EGRESS_PROVIDERS": json.dumps({"openai": provider}),
        "EGRESS_REQUIRE_PLUGIN": json.dumps(list(tokens)),
        "CLIENTS": json.dumps(clients),
    }
