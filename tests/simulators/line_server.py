"""A server on loopback that says what a test gives it: one text at first, then one for each line that comes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def line_server(first: bytes, answer: Callable[[bytes], bytes | Iterator[bytes] | None]) -> Iterator[int]:
    """Yield its port. `answer`: line -> what it says; None: nothing, ever."""

    def talk(line: socket.socket) -> None:
        with suppress(OSError), line, line.makefile("rb") as lines:
            line.sendall(first)
            for said in lines:
                told = answer(said)
                for piece in [told] if isinstance(told, bytes) else told or ():
                    line.sendall(piece)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
