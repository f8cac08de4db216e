"""A server, at a port and at a Unix socket, that says nothing."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path


class Silent:
    """A server that takes what it is sent, and answers nothing until it is let go."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.path = path
        self._unix = socket.socket(socket.AF_UNIX)
        self._unix.bind(str(path))
        self._unix.listen()
        self.begun = threading.Event()
        self.received = bytearray()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._serve, args=(one,)) for one in (self._listener, self._unix)]
        for thread in self._threads:
            thread.start()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                peer, _ = listener.accept()
                self._open.append(peer)
                threading.Thread(target=self._take, args=(peer,), daemon=True).start()
                self.begun.set()

    def _take(self, peer: socket.socket) -> None:
        with suppress(OSError):
            while chunk := peer.recv(65536):
                self.received += chunk

    def let_go(self) -> None:
        """End every connection."""
        for peer in self._open:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
            peer.close()
        self._open.clear()

    def close(self) -> None:
        for listener in (self._listener, self._unix):
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in self._threads:
            thread.join()
        self.let_go()
