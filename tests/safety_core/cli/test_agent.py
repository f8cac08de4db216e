"""`safety agent` throws the kill switch at the edge behind a socket, and tells how things stand."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from typing import Any

import pytest

from safety_core.cli.main import run


class StandIn:
    """An edge that knows its kill switches and nothing else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.halted: dict[str, str] = {}
        self.plugins: list[dict[str, Any]] = [
            {"agent": "main", "state": "present"},
            {"agent": "main", "state": "gone"},
            {"agent": "support", "state": "missing"},
        ]

    def __call__(self, *arguments: str) -> int:
        return run(["agent", *arguments, "--socket", str(self.path)])

    def answer(self, body: dict[str, Any] | None) -> dict[str, Any]:
        if body is None:
            halted = [{"agent": name, "reason": reason} for name, reason in self.halted.items()]
            return {"plugins": self.plugins, "halted": halted}
        if body["halt"]:
            self.halted[body["agent"]] = body["reason"]
        else:
            self.halted.pop(body["agent"], None)
        return {"ok": True}


@pytest.fixture
def edge(tmp_path: Path) -> Generator[StandIn, None, None]:
    stand_in = StandIn(tmp_path / "edge.sock")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._tell(stand_in.answer(None))

        def do_POST(self) -> None:
            assert self.path == "/v1/halt"
            self._tell(stand_in.answer(json.loads(self.rfile.read(int(self.headers["content-length"])))))

        def _tell(self, told: dict[str, Any]) -> None:
            raw = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with UnixStreamServer(str(stand_in.path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield stand_in
        server.shutdown()
        thread.join()


def test_one_agent_is_halted_and_resumed(edge: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    assert edge("halt", "main", "--reason", "odd mails") == 0
    assert edge.halted == {"main": "odd mails"}
    assert edge("resume", "main") == 0
    assert edge.halted == {}
    assert capsys.readouterr().out == "main halted\nmain resumed\n"


def test_a_mistyped_name_is_halted_and_told(edge: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    assert edge("halt", "mian") == 0
    assert edge.halted == {"mian": ""}
    told = capsys.readouterr()
    assert told.out == "mian halted\n"
    assert "no plugin of an agent mian (it knows main, support)" in told.err
    assert edge("halt", "Main") == 0
    assert capsys.readouterr().err == ""
    edge.plugins.clear()
    assert edge("halt", "mian") == 0
    assert "agent mian: is" in capsys.readouterr().err
    assert edge("halt", "--all") == 0
    assert capsys.readouterr().err == ""


def test_every_agent_is_halted_and_resumed(edge: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    assert edge("halt", "--all") == 0
    assert edge("halt", "main") == 0
    assert edge("resume", "main") == 1
    assert "stays halted" in capsys.readouterr().out
    assert edge("halt", "main") == 0
    assert edge("resume", "--all") == 0
    assert capsys.readouterr().out.endswith("every agent resumed; still halted: main\n")


def test_the_list_shows_plugins_and_switches(edge: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    edge.halted = {"support": "odd mails", "night": ""}
    assert edge("list") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    told = [[word for word in line if word not in "│┃"] for line in lines]
    assert ["main", "present", "no"] in told
    assert ["support", "missing", "yes:", "odd", "mails"] in told
    assert ["night", "-", "yes:", "-"] in told
    edge.halted = {"*": "stop"}
    assert edge("list") == 0
    shown = capsys.readouterr().out
    assert shown.count("yes: stop") == 3
    assert "(every agent)" in shown


@pytest.mark.parametrize("arguments", [("halt",), ("halt", "main", "--all"), ("resume",)])
def test_it_must_be_clear_who_is_meant(edge: StandIn, arguments: tuple[str, ...]) -> None:
    assert edge(*arguments) == 2
    assert edge.halted == {}


def test_without_an_edge_it_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert StandIn(tmp_path / "none.sock")("halt", "main") == 1
    assert "safety edge" in capsys.readouterr().err
