"""What an edge refuses is said in its own words."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from safety_core.cli.edge_socket import ask_edge
from safety_core.errors import InputError, SafetyError, UnavailableError
from tests.safety_core.cli.test_top import UnixServer


@contextmanager
def answering(path: Path, status: int, body: bytes) -> Generator[None, None, None]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = UnixServer(str(path), Answers)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


ERROR = json.dumps({"error": {"thing": "usage report", "reason": "would be too long", "fix": "ask by day"}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (413, ERROR, InputError, "usage report: would be too long .*413.*Fix: ask by day"),
        (503, ERROR, UnavailableError, "usage report: would be too long .*503.*Fix: ask by day"),
        (500, b"<html>", UnavailableError, "answered 500. Fix: see the edge's log"),
        (200, b"[]", UnavailableError, "cannot be read"),
    ],
)
def test_a_refusal_keeps_its_reason_and_its_fix(
    tmp_path: Path, status: int, body: bytes, kind: type[SafetyError], told: str
) -> None:
    with answering(tmp_path / "s", status, body), pytest.raises(kind, match=told):
        ask_edge(tmp_path / "s", "GET", "/v1/usage")


def test_an_answer_is_returned(tmp_path: Path) -> None:
    with answering(tmp_path / "s", 200, b'{"ok": true}'):
        assert ask_edge(tmp_path / "s", "GET", "/v1/top") == {"ok": True}
