"""`safety top`: what the edge says is going on, on one screen."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from safety_core.cli.top import top, view
from safety_core.errors import UnavailableError

ANSWER: dict[str, Any] = {
    "at": 1.0,
    "minute": {"requests": 90, "input": 120000, "output": 3400, "redactions": 7, "refused": 2},
    "refusals": {"UnguardedError": 5, "BudgetError": 1},
    "redactions": 1234,
    "running": [{"agent": "ada", "provider": "openai", "model": "m-1", "seconds": 12.34}],
    "running_count": 3,
    "approvals_pending": 2,
    "latency": {
        "added": {"p50": 0.0004, "p99": 0.0021},
        "waited": {"p50": 1.5, "p99": 20.0},
        "request": {"p50": None, "p99": None},
    },
    "budgets": [
        {"agent": "ada", "budget": "usd_per_day", "spent": 9, "held": 0, "limit": 10, "percent": 90},
        {"agent": None, "budget": "tokens_per_month", "spent": 1, "held": 0, "limit": 10, "percent": 10},
    ],
    "prefixes": {"broken": 4, "by_redaction": 1},
}


class UnixServer(HTTPServer):
    """Answers on a Unix socket."""

    address_family = 1

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)

    def get_request(self) -> tuple[Any, Any]:
        return self.socket.accept()[0], ("edge", 0)


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        raw = json.dumps(ANSWER).encode()
        self.send_response(200 if self.path == "/v1/top" else 404)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def edge(tmp_path: Path) -> Generator[Path, None, None]:
    path = tmp_path / "s"
    server = UnixServer(str(path), _Answers)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield path
    server.shutdown()
    thread.join()
    server.server_close()


def shown(edge: Path, *options: str) -> str:
    result = CliRunner(env={"COLUMNS": "120"}).invoke(top, [*options, "--socket", str(edge)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_all_of_it_on_one_screen(edge: Path) -> None:
    text = shown(edge, "--once")
    for told in (
        "1.5/s", "3 under way", "120,000 in", "3,400 out", "1,234 in all", "BudgetError 1, UnguardedError 5",
        "wait for a person", "broke, 1 by redaction", "0.40", "2.10", "20,000", "12.3", "m-1", "usd_per_day", "90 %",
    ):  # fmt: skip
        assert told in text
    assert "tokens_per_month" not in text, "it is not near its end"
    assert shown(edge) == text, "without a terminal it is shown once"


def test_an_empty_table_is_not_shown() -> None:
    screen = io.StringIO()
    Console(file=screen, width=80).print(view({**ANSWER, "running": [], "budgets": []}))
    assert "the last exchanges" in screen.getvalue()
    assert "the oldest first" not in screen.getvalue()
    assert "near their end" not in screen.getvalue()


def test_for_programs(edge: Path) -> None:
    assert json.loads(shown(edge, "--json")) == ANSWER


def test_an_edge_that_does_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="is not running"):
        CliRunner().invoke(top, ["--socket", str(tmp_path / "none")], catch_exceptions=False)


@pytest.mark.parametrize("end", ["q", "ctrl-c"])
def test_on_a_terminal_it_goes_on_until_it_is_ended(edge: Path, end: str) -> None:
    """The terminal is as it was afterwards."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "safety_core.cli", "top", "--socket", str(edge)]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    seen = b""
    while b"UnguardedError" not in seen:
        seen += os.read(ours, 4096)
    if end == "q":
        os.write(ours, b"xq")
    else:
        process.send_signal(signal.SIGINT)
    reader = threading.Thread(target=_drained, args=(ours,))
    reader.start()
    assert process.wait(60) == 0
    reader.join()
    os.close(ours)


def _drained(terminal: int) -> None:
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # Linux: the other end of a terminal has been closed
        return
