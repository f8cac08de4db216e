"""The configuration of an OpenClaw as its owner writes it: agents, models, a Telegram bot, plugins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from tests.simulators.telegram import NEIGHBOUR, OWNER

PLUGIN: Final = Path(__file__).parents[2] / "plugins" / "openclaw"
MEDDLER: Final = Path(__file__).parents[1] / "e2e" / "openclaw" / "meddler"
TOKEN: Final = "operator-of-this-test"

Api: TypeAlias = Literal[
    "openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai", "ollama"
]
BELOW: Final = {"anthropic-messages": "", "google-generative-ai": "/v1beta", "ollama": ""}
"""API -> what OpenClaw expects a base URL to end with, where that is not /v1."""


@dataclass(frozen=True)
class Endpoint:
    """A model. `url`: where its provider is, without /v1; `key`: what the client sends as its key."""

    url: str
    key: str
    api: Api = "openai-completions"

    def provider(self) -> dict[str, Any]:
        """Return its entry among the providers."""
        model = {
            "id": "scripted",
            "name": "Scripted",
            "reasoning": False,
            "input": ["text"],
            "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
            "contextWindow": 128_000,
            "maxTokens": 4096,
        }
        return {
            "baseUrl": f"{self.url}{BELOW.get(self.api, '/v1')}",
            "apiKey": self.key,
            "api": self.api,
            "models": [model],
        }


@dataclass(frozen=True)
class Host:
    """What an OpenClaw is told.

    Attributes:
        folder: an empty folder for its configuration, state and logs, and the home of what it runs.
        workspace: where its agents work.
        models: provider -> where its model is.
        agents: agent -> its provider; the first one has the Telegram bot.
        telegram: root of the Bot API.
    """

    folder: Path
    workspace: Path
    port: int
    models: Mapping[str, Endpoint]
    agents: Mapping[str, str]
    telegram: str

    def config(self) -> dict[str, Any]:
        """Return the content of openclaw.json."""
        first = next(iter(self.agents))
        return {
            "gateway": {
                "mode": "local",
                "bind": "loopback",
                "port": self.port,
                "auth": {"mode": "token", "token": TOKEN},
            },
            "agents": {
                "ownership": "explicit",
                "defaults": {
                    "workspace": str(self.workspace),
                    "skipBootstrap": True,
                    "systemAgent": {"agentId": first},
                    "heartbeat": {"agentId": first},
                },
                "entries": {agent: self.agent(provider) for agent, provider in self.agents.items()},
            },
            "bindings": [{"agentId": first, "match": {"channel": "telegram", "accountId": "default"}}],
            "channels": {"telegram": _bot(self.telegram)},
            "models": {"providers": {name: endpoint.provider() for name, endpoint in self.models.items()}},
            "update": {"checkOnStart": False},
            "logging": {"file": str(self.folder / "openclaw.log")},
            "plugins": {
                "allow": ["meddler", "ollama", "telegram"],
                "load": {"paths": [str(MEDDLER)]},
                "entries": {"meddler": {"enabled": True}},
            },
        }

    def agent(self, provider: str) -> dict[str, Any]:
        """Return an agent's entry."""
        return {"workspace": str(self.workspace), "model": {"primary": f"{provider}/scripted"}}


def add_stray(config: dict[str, Any], agent: str, endpoint: Endpoint, host: Host) -> None:
    """Add an agent whose model is asked past the edge, as a careless owner could; the neighbour talks to it."""
    config["models"]["providers"][agent] = endpoint.provider()
    config["agents"]["entries"][agent] = host.agent(agent)
    neighbour = {"channel": "telegram", "accountId": "default", "peer": {"kind": "direct", "id": str(NEIGHBOUR)}}
    config["bindings"].insert(0, {"agentId": agent, "match": neighbour})


def _bot(url: str) -> dict[str, Any]:
    """Return a bot that one person owns, who may also press the buttons of approvals."""
    owner = str(OWNER)
    return {
        "enabled": True,
        "botToken": "42:invented",
        "apiRoot": url,
        "network": {"dangerouslyAllowPrivateNetwork": True},
        "dmPolicy": "allowlist",
        "allowFrom": [owner, str(NEIGHBOUR)],
        "capabilities": {"inlineButtons": "all"},
        "execApprovals": {"enabled": True, "approvers": [owner]},
        "commands": {"native": False},
    }
