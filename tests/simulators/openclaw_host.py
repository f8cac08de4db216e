"""The configuration of an OpenClaw as its owner writes it: agents, models, a Telegram bot, plugins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from safety_core.canonical import Json
from tests.simulators.telegram import OWNER

PLUGIN: Final = Path(__file__).parents[2] / "plugins" / "openclaw"
MEDDLER: Final = Path(__file__).parents[1] / "e2e" / "openclaw" / "meddler"
TOKEN: Final = "operator-of-this-test"

Api: TypeAlias = Literal["openai-completions", "openai-responses", "anthropic-messages"]

PATHS: Final[Mapping[Api, str]] = {
    "openai-completions": "/openai/v1",
    "openai-responses": "/openai/v1",
    "anthropic-messages": "/anthropic",
}
"""What an OpenClaw's base URL has behind the address of the edge's egress; the client of Anthropic adds /v1 itself."""


@dataclass(frozen=True)
class Endpoint:
    """A model. `url`: the base URL of its API; `key`: what the client sends as its key."""

    url: str
    key: str
    api: Api = "openai-completions"


@dataclass(frozen=True)
class Host:
    """What an OpenClaw is told.

    Attributes:
        models: agent -> where its model is; the first one owns the Telegram bot.
        plugin: the folder of our plugin; plugin_config: its settings.
        telegram: root of the Bot API, or "" for none.
    """

    folder: Path
    workspace: Path
    port: int
    models: Mapping[str, Endpoint]
    plugin: Path = PLUGIN
    plugin_config: Mapping[str, Json] = field(default_factory=dict)
    telegram: str = ""

    def config(self) -> dict[str, Any]:
        """Return the content of openclaw.json."""
        owner = next(iter(self.models))
        channels = {"telegram": _bot(self.telegram)} if self.telegram else {}
        return {
            "gateway": {
                "mode": "local",
                "bind": "loopback",
                "port": self.port,
                "auth": {"mode": "token", "token": TOKEN},
            },
            "agents": self._agents(),
            "bindings": [{"agentId": owner, "match": {"channel": name, "accountId": "default"}} for name in channels],
            "channels": channels,
            "models": {"mode": "replace", "catalogRefresh": {"enabled": False}, "providers": self._providers()},
            "update": {"checkOnStart": False},
            "logging": {"file": str(self.folder / "openclaw.log")},
            "plugins": self._plugins([*channels]),
        }

    def _agents(self) -> dict[str, Any]:
        workspace = str(self.workspace)
        primary = {agent: {"primary": f"{agent}/scripted"} for agent in self.models}
        return {
            "defaults": {
                "workspace": workspace,
                "skipBootstrap": True,
                "models": {f"{agent}/scripted": {} for agent in self.models},
            },
            "entries": {agent: {"workspace": workspace, "model": model} for agent, model in primary.items()},
        }

    def _providers(self) -> dict[str, Any]:
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
            agent: {"baseUrl": end.url, "apiKey": end.key, "api": end.api, "models": [model]}
            for agent, end in self.models.items()
        }

    def _plugins(self, channels: list[str]) -> dict[str, Any]:
        ours = {
            "enabled": True,
            "hooks": {"allowConversationAccess": True, "timeoutMs": 330_000, "timeouts": {"gateway_stop": 5_000}},
            "config": dict(self.plugin_config),
        }
        return {
            "allow": ["safety-gateway", "meddler", *channels],
            "load": {"paths": [str(self.plugin), str(MEDDLER)]},
            "entries": {"safety-gateway": ours, "meddler": {"enabled": True}},
        }


def _bot(url: str) -> dict[str, Any]:
    """Return a bot that one person owns, who may also press the buttons of approvals."""
    owner = str(OWNER)
    return {
        "enabled": True,
        "botToken": "42:invented",
        "apiRoot": url,
        "network": {"dangerouslyAllowPrivateNetwork": True},
        "dmPolicy": "allowlist",
        "allowFrom": [owner],
        "capabilities": {"inlineButtons": "all"},
        "execApprovals": {"enabled": True, "approvers": [owner]},
        "commands": {"native": False},
    }
