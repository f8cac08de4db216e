"""The world's servers, on a public address: they answer what a case wants, and tell what reached them."""

from __future__ import annotations

import base64
import hashlib
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from bench.agent_egress.frames import read_frame
from bench.agent_egress.names import INSIDE
from safety_core.edge import clock
from safety_core.edge.local_ca import LocalCa, load_chain

_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass
class World:
    """What the servers say, and what they saw.

    Attributes:
        body, content_type, headers, status: of the next answers.
        seen: requests that came, method and path; inside: those that came to an address which is not public.
        frames: payloads of WebSocket frames that came.
    """

    ca: LocalCa
    body: bytes = b"ok"
    content_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    seen: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin anew for the next case."""
        self.body, self.content_type, self.headers, self.status = b"ok", "text/plain; charset=utf-8", {}, 200
        self.seen, self.inside, self.frames = [], [], []

    def listen(self, plain: Iterable[int], secured: Iterable[int]) -> None:
        """Serve until the process ends."""
        for port in (*plain, *secured):
            server = _Server(("", port), _handler(self))
            if port in {*secured}:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.sni_callback = self._named
                server.tls = context
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def _named(self, connection: Any, name: str | None, _: ssl.SSLContext) -> None:
        if name:
            if name not in self.contexts:
                self.contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                load_chain(self.contexts[name], self.ca.leaf(name, clock.now()).pem)
            connection.context = self.contexts[name]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Begin TLS in the connection's own thread, so that nobody waits for another one."""
        if self.tls is not None:
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections end as they like."""


def _handler(world: World) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            where = self.connection.getsockname()[0]
            (world.inside if where == INSIDE else world.seen).append(f"{self.command} {self.path}")
            if self.headers.get("upgrade", "").lower() == "websocket":
                return self.talk()
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(world.status)
            for name, value in world.headers.items():
                self.send_header(name, value)
            self.send_header("content-type", world.content_type)
            self.send_header("content-length", str(len(world.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(world.body)
            return None

        def talk(self) -> None:
            key = self.headers.get("sec-websocket-key", "").encode()
            self.send_response(101)
            self.send_header("upgrade", "websocket")
            self.send_header("connection", "Upgrade")
            accepted = hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest()
            self.send_header("sec-websocket-accept", base64.b64encode(accepted).decode())
            self.end_headers()
            self.close_connection = True
            while True:
                code, payload = read_frame(self._exactly)
                if code == 8:
                    self.wfile.write(b"\x88" + bytes((len(payload),)) + payload)
                    return
                if code < 3:
                    world.frames.append(payload)

        def _exactly(self, count: int) -> bytes:
            raw = self.rfile.read(count)
            if len(raw) < count:
                raise EOFError
            return raw

        def log_message(self, *_: Any) -> None:
            pass

    for method in _METHODS:
        setattr(Handler, f"do_{method}", Handler.answer)
    return Handler
