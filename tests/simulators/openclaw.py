"""The real, pinned OpenClaw with our plugin: a gateway in a folder of its own, and conversations with its agents."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from safety_core.canonical import Json

PLUGIN: Final = Path(__file__).parents[2] / "plugins" / "openclaw"
MEDDLER: Final = Path(__file__).parents[1] / "e2e" / "openclaw" / "meddler"
TOKEN: Final = "operator-of-this-test"
READY_SECONDS: Final = 300.0
STOP_SECONDS: Final = 20.0
TURN_SECONDS: Final = 150.0


def install() -> Path:
    """Return the folder of the pinned Node and OpenClaw, installed first if it has to be (a minute, from npm)."""
    done = subprocess.run([PLUGIN / "runtime" / "install.sh"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@dataclass(frozen=True)
class Endpoint:
    """A model. `url`: where /chat/completions is appended; `key`: sent as the bearer token."""

    url: str
    key: str


@dataclass(frozen=True)
class Turn:
    """What came of one user message: `state` is "final", "error" or "aborted"; `text` is what the agent said."""

    state: str
    text: str


class Gateway:
    """One OpenClaw gateway. Make it with `start`, speak to it after `await_ready`, end it with `stop`."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self._port = port
        self._process = process

    @classmethod
    def start(
        cls, folder: Path, workspace: Path, plugin_config: dict[str, Json], models: Mapping[str, Endpoint]
    ) -> Gateway:
        """Start it; getting ready takes it 10 s of computing.

        Args:
            folder: an empty folder for its configuration, state and logs, and the home of what it runs.
            workspace: where its agents work.
            plugin_config: the plugin's settings.
            models: agent -> where its model is.
        """
        home = install()
        port = free_port()
        config = folder / "openclaw.json"
        config.write_text(json.dumps(_config(folder, workspace, port, plugin_config, models)))
        command = [str(home / "bin/node"), str(home / "openclaw/node_modules/openclaw/openclaw.mjs"), "gateway", "run"]
        with (folder / "gateway.log").open("wb") as log:
            process = subprocess.Popen(command, env=_environment(folder, config), cwd=folder, stdout=log, stderr=log)
        return cls(folder, port, process)

    @property
    def log(self) -> str:
        """Return what it has written to stdout and stderr."""
        return (self.folder / "gateway.log").read_text("utf-8", "replace")

    def stop(self) -> None:
        """End it; it may take a while to drain."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def say(self, message: str, *, agent: str = "main") -> Turn:
        """Send a user message in a new session of `agent`, and wait for the end of the turn."""
        return asyncio.run(self._say(message, f"agent:{agent}:{uuid.uuid4().hex[:8]}"))

    async def _say(self, message: str, session: str) -> Turn:
        url = f"http://127.0.0.1:{self._port}"
        async with (
            asyncio.timeout(TURN_SECONDS),
            aiohttp.ClientSession() as http,
            http.ws_connect(url, max_msg_size=0) as connection,
        ):
            operator = _Operator(connection)
            await operator.connect()
            return await operator.turn(session, message)

    def await_ready(self) -> None:
        """Wait until it serves."""
        url = f"http://127.0.0.1:{self._port}/readyz"
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            assert self._process.poll() is None, f"the gateway ended:\n{self.log[-2000:]}"
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError as error:
                error.close()
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"the gateway was not ready after {READY_SECONDS} s:\n{self.log[-2000:]}")


class _Operator:
    """A client of the gateway's WebSocket: the part of its protocol that a conversation needs."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        self._connection = connection
        self._count = 0

    async def connect(self) -> None:
        await self._event("connect.challenge")
        answer = await self._call(
            "connect",
            {
                "minProtocol": 4,
                "maxProtocol": 4,
                "client": {"id": "gateway-client", "version": "1.0.0", "platform": "linux", "mode": "backend"},
                "role": "operator",
                "scopes": ["operator.admin", "operator.read", "operator.write", "operator.approvals"],
                "caps": [],
                "auth": {"token": TOKEN},
            },
        )
        assert answer["ok"], answer

    async def turn(self, session: str, message: str) -> Turn:
        run = uuid.uuid4().hex
        sent = await self._call("chat.send", {"sessionKey": session, "idempotencyKey": run, "message": message})
        assert sent["ok"], sent
        while True:
            payload = await self._event("chat")
            if payload.get("runId") == run and payload["state"] in {"final", "error", "aborted"}:
                content = (payload.get("message") or {}).get("content") or []
                said = "\n".join(part.get("text", "") for part in content)
                return Turn(payload["state"], said or str(payload.get("errorMessage", "")))

    async def _call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        await self._connection.send_json({"type": "req", "id": str(self._count), "method": method, "params": params})
        while True:
            frame = await self._connection.receive_json()
            if frame["type"] == "res" and frame["id"] == str(self._count):
                return dict(frame)

    async def _event(self, name: str) -> dict[str, Any]:
        while True:
            frame = await self._connection.receive_json()
            if frame["type"] == "event" and frame["event"] == name:
                return dict(frame.get("payload") or {})


def _config(
    folder: Path, workspace: Path, port: int, plugin_config: dict[str, Json], models: Mapping[str, Endpoint]
) -> dict[str, Any]:
    model = {
        "id": "scripted",
        "name": "Scripted",
        "reasoning": False,
        "input": ["text"],
        "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
        "contextWindow": 128_000,
        "maxTokens": 4096,
    }
    providers = {
        agent: {"baseUrl": end.url, "apiKey": end.key, "api": "openai-completions", "models": [model]}
        for agent, end in models.items()
    }
    return {
        "gateway": {"mode": "local", "bind": "loopback", "port": port, "auth": {"mode": "token", "token": TOKEN}},
        "agents": {
            "defaults": {
                "workspace": str(workspace),
                "skipBootstrap": True,
                "models": {f"{agent}/scripted": {} for agent in models},
            },
            "entries": {
                agent: {"workspace": str(workspace), "model": {"primary": f"{agent}/scripted"}} for agent in models
            },
        },
        "models": {"mode": "replace", "catalogRefresh": {"enabled": False}, "providers": providers},
        "update": {"checkOnStart": False},
        "logging": {"file": str(folder / "openclaw.log")},
        "plugins": {
            "allow": ["safety-gateway", "meddler"],
            "load": {"paths": [str(PLUGIN), str(MEDDLER)]},
            "entries": {"safety-gateway": {"enabled": True, "config": plugin_config}, "meddler": {"enabled": True}},
        },
    }


def _environment(folder: Path, config: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return kept | {
        "HOME": str(folder),
        "OPENCLAW_CONFIG_PATH": str(config),
        "OPENCLAW_STATE_DIR": str(folder / "state"),
        "OPENCLAW_TRAJECTORY": "0",
        "OPENCLAW_NO_AUTO_UPDATE": "1",
        "OPENCLAW_DISABLE_BONJOUR": "1",
        "OPENCLAW_OFFLINE": "1",
        "NO_COLOR": "1",
        # Nothing listens there: what OpenClaw sends through its proxy is lost, and the plugin must not be among it.
        "OPENCLAW_PROXY_URL": "http://127.0.0.1:9",
    }


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
