"""A publisher's client: what is no hub, or no answer, is told as such; a hub that refuses is believed."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from safety_core.edge.publisher import PublisherClient
from safety_core.errors import InputError, RefusedError, UnavailableError

RELEASE = {
    "id": "0" * 32,
    "name": "spring",
    "state": "running",
    "reason": "",
    "waves": [{"percent": 100, "soak": 0, "staged": 1, "placed": 2, "failed": 0}],
    "tenants": [
        {
            "tenant": "acme",
            "state": "staged",
            "revision": "r",
            "version": 2,
            "sha256": "a" * 64,
            "expires": 5.0,
            "note": "",
        }
    ],
}


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_release_is_read_with_its_tenants() -> None:
    with answering(200, json.dumps(RELEASE).encode()) as url, PublisherClient(url, "token") as hub:
        found = hub.show("0" * 32)
    assert (found.state, found.waves, found.tenants["acme"].version) == ("running", ((1, 2, 0),), 2)
    assert "token" not in repr(hub)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"id": 5}', json.dumps({**RELEASE, "waves": [{}]}).encode()])
def test_what_is_no_hub_is_told(body: bytes) -> None:
    with (
        answering(200, body) as url,
        PublisherClient(url, "token") as hub,
        pytest.raises(UnavailableError, match="no hub's"),
    ):
        hub.show("0" * 32)


def test_a_refusal_is_no_silence() -> None:
    refusal = b'{"error": {"thing": "release", "reason": "is not there", "fix": ""}}'
    with answering(404, refusal) as url, PublisherClient(url, "token") as hub, pytest.raises(RefusedError):
        hub.show("0" * 32)


def test_a_hub_that_is_away_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with (
        PublisherClient(f"http://127.0.0.1:{port}", "token") as hub,
        pytest.raises(UnavailableError, match="--continue"),
    ):
        hub.show("0" * 32)


@pytest.mark.parametrize("token", ["", "two\nlines", "\u2603"])
def test_what_is_no_token_is_not_sent(token: str) -> None:
    with pytest.raises(InputError):
        PublisherClient("http://127.0.0.1:1", token)
