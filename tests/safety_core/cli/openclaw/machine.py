"""A machine with an OpenClaw configuration, an edge that answers on a Unix socket, and an `openclaw` program."""

from __future__ import annotations

import json
import socketserver
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from safety_core.canonical import JsonObject
from safety_core.cli.openclaw.wish import Wish

EGRESS = "http://127.0.0.1:8100"


def config(**more: Any) -> JsonObject:
    """Return the configuration of an OpenClaw that nobody has touched: one provider, one model."""
    model = {"id": "gpt-x", "name": "X", "contextWindow": 128000}
    openai = {"baseUrl": "https://api.openai.com/v1", "api": "openai-completions", "models": [model]}
    return {
        "gateway": {"mode": "local", "auth": {"mode": "token", "token": "operator-of-this-test"}},
        "models": {"providers": {"openai": openai}},
        "agents": {"defaults": {"model": {"primary": "openai/gpt-x"}}},
        **more,
    }


def wish(*agents: str, **more: Any) -> Wish:
    """Return what install wants, for these agents."""
    tokens = {agent: f"/home/x/.safety/openclaw/c/{agent}.token" for agent in agents or ("main",)}
    return Wish("/opt/plugin", "/home/x/.safety/edge.sock", EGRESS, tokens, **more)


def edge_status(*agents: str, **more: Any) -> JsonObject:
    """Return the status of an edge at which all is well, with the plugin of these agents."""
    plugins: list[Any] = [
        {"agent": agent, "plugin": "openclaw", "version": "0.1.0", "host": "2026.9.6", "state": "present", "reason": ""}
        for agent in agents
    ]
    return {
        "version": "0.1.0",
        "policy": {"state": "in force", "detail": "revision 1"},
        "layers": [{"layer": "secrets redaction", "state": "on", "detail": "3 known secrets"}],
        "interlock": {"mode": "enforce", "guarded": [*agents]},
        "plugins": plugins,
        "listeners": {"egress": 8100},
        **more,
    }


@contextmanager
def edge(path: Path, answers: dict[str, Any]) -> Iterator[None]:
    """Answer GET requests at the socket `path` until the block ends. `answers`: route -> body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path in answers
            raw = json.dumps(answers.get(self.path, {})).encode()
            self.send_response(200 if known else 404)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def address_string(self) -> str:
            return "edge"

        def log_message(self, *_: object) -> None:
            pass

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            path.unlink()


def program(folder: Path, *, issues: list[JsonObject] | None = None, version: str = "2026.9.6") -> Path:
    """Write an `openclaw` that finds these issues in every configuration."""
    answer = json.dumps({"valid": not issues, "issues": issues or []})
    sign_ins = json.dumps({"profiles": []})
    path = folder / "openclaw-program"
    path.write_text(
        f"#!/bin/sh\ncase $1 in\n--version) echo 'OpenClaw {version} (abc)';;\n"
        f"config) echo '{answer}'; exit {1 if issues else 0};;\nmodels) echo '{sign_ins}';;\n"
        "*) echo none; exit 1;;\nesac\n"
    )
    path.chmod(0o755)
    return path


def mode(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)
