"""Events as Claude Code and Codex send them, hooks run as they run them, and an edge that answers as it is told."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.safety_core.cli.test_top import UnixServer

HOSTS = ["claude-code", "codex"]


def event(kind: str = "PreToolUse", **fields: Any) -> bytes:
    """Return an event in the documented form of both hosts; Codex's own fields ride along, and are passed over."""
    known: dict[str, Any] = {
        "session_id": "3f2a", "turn_id": "t1", "transcript_path": "/home/ada/t.jsonl", "cwd": "/srv/shop",
        "permission_mode": "default", "hook_event_name": kind,
    }  # fmt: skip
    if kind == "UserPromptSubmit":
        return json.dumps({**known, "prompt": "tidy up", **fields}).encode()
    known |= {"tool_name": "Bash", "tool_input": {"command": "ls"}, "tool_use_id": "toolu_1"}
    if kind == "PostToolUse":
        known["tool_response"] = {"stdout": "a b", "stderr": "", "interrupted": False}
    return json.dumps({**known, **fields}).encode()


def bash(command: str) -> bytes:
    """Return the event of one command."""
    return event(tool_input={"command": command, "description": "does it"})


@dataclass(frozen=True, slots=True)
class Heard:
    """What a hook said."""

    status: int
    out: str
    err: str

    @property
    def decision(self) -> str:
        """What its JSON says of a call; "" where it says nothing."""
        return str(self.fields.get("permissionDecision", ""))

    @property
    def fields(self) -> dict[str, Any]:
        """Its JSON's part for the event."""
        return dict(json.loads(self.out).get("hookSpecificOutput", {})) if self.out else {}

    @property
    def blocks(self) -> bool:
        """Whether a host blocks: told in both ways that it listens to, or, where nothing could be read, in the one."""
        told = not self.out or self.decision == "deny" or json.loads(self.out).get("decision") == "block"
        return self.status == 2 and bool(self.err.strip()) and told


def hook(raw: bytes, host: str, *options: str, env: Mapping[str, str] | None = None) -> Heard:
    """Run the hook in a process of its own, as a host does."""
    done = subprocess.run(
        [sys.executable, "-EP", "-m", "safety_core.cli", "hook", host, *options],
        input=raw, capture_output=True, timeout=120, check=False, env=env,
    )  # fmt: skip
    return Heard(done.returncode, done.stdout.decode(), done.stderr.decode())


class _Server(UnixServer):
    request_queue_size = 64


Answers = Mapping[str, tuple[int, Any]]
"""Route -> status and body."""


@contextmanager
def edge(answers: Answers) -> Generator[tuple[Path, list[tuple[str, Any]]], None, None]:
    """Serve these answers on a Unix socket; yield it, and what was asked so far."""
    asked: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            asked.append((self.path, json.loads(body)))
            self.answer()

        def do_GET(self) -> None:
            asked.append((self.path, None))
            self.answer()

        def answer(self) -> None:
            status, answer = answers.get(self.path, (404, {}))
            raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    folder = tempfile.TemporaryDirectory()  # a path of pytest's may be too long for a socket
    path = Path(folder.name) / "s"
    server = _Server(str(path), Handler)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield path, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        folder.cleanup()
