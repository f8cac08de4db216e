"""A line on loopback that is cut, or held, where a test says: at some bytes of the client or of the server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Relay:
    """Forwards to `target`, a port or the path of a Unix socket, until `at` has come from the client.

    Attributes:
        at: bytes of the client; b"" cuts nothing.
        passed: those bytes still reach the server; else they, and what came with them, do not.
        hold: the line is not cut but stays silent, both ways.
        after: bytes of the server from which on the client gets nothing, 0 for no such limit.
        reached: is set when the client has said `at`.
    """

    target: int | Path
    at: bytes = b""
    passed: bool = False
    hold: bool = False
    after: int = 0
    port: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    _sockets: list[socket.socket] = field(default_factory=list)
    _seen: bytes = b""

    def serve(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = self._server()
                self._sockets += [client, server]
                for pump in (self._up, self._down):
                    threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def _server(self) -> socket.socket:
        if isinstance(self.target, int):
            return socket.create_connection(("127.0.0.1", self.target))
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self.target))
        return server

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        seen, held = b"", False
        with suppress(OSError):
            while chunk := client.recv(65536):
                seen = seen[-64:] + chunk
                if self.at and not held and self.at in seen:
                    self.reached.set()  # first, so that no answer to it slips through
                    held = self.passed and self.hold  # what belongs to it, such as a body, may come behind it
                    if self.passed and not held:
                        server.sendall(chunk)
                    if not held:
                        return self._end(client, server)
                server.sendall(chunk)
        if not held:
            self._shut(server)
        return None

    def _down(self, client: socket.socket, server: socket.socket) -> None:
        count = 0
        with suppress(OSError):
            while chunk := server.recv(65536):
                count += len(chunk)
                if self.reached.is_set():
                    continue  # read and thrown away: the server has said it, and goes on
                if self.after and count > self.after:
                    client.sendall(chunk[: len(chunk) - (count - self.after)])
                    self.reached.set()
                    return self._end(client, server)
                client.sendall(chunk)
        if not self.hold:
            self._shut(client)
        return None

    def _end(self, client: socket.socket, server: socket.socket) -> None:
        if self.hold:
            return
        self._shut(client)
        if not self.passed:
            self._shut(server)

    def _shut(self, line: socket.socket) -> None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for line in self._sockets:
            self._shut(line)
            line.close()


@contextmanager
def relay(target: int | Path, front: Path | None = None, **how: object) -> Iterator[Relay]:
    """Yield a relay. It listens at the path `front`, or at a port of its own (`port`)."""
    with _listening(front) as listening:
        made = Relay(target, **how)  # type: ignore[arg-type]
        made.port = 0 if front else listening.getsockname()[1]
        threading.Thread(target=made.serve, args=(listening,), daemon=True).start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
        made.close()


def _listening(front: Path | None) -> socket.socket:
    if front is None:
        return socket.create_server(("127.0.0.1", 0))
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(front))
    made.listen()
    return made
