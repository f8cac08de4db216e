"""What asks: wrk from Debian's packages, and single clients with a stop-watch."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.egress.stage import OTHERS, AbsentError, Way

_DONE: Final = re.compile(r"(\d+) requests in ([\d.]+)s")
_BAD: Final = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: connect (\d+), read (\d+), write (\d+)")


def request(way: Way, body: bytes, query: str = "") -> bytes:
    """Return the bytes of one request."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in way.headers)
    head = f"POST {way.target}{query} HTTP/1.1\r\nhost: 127.0.0.1:{way.port}\r\ncontent-type: application/json\r\n"
    return f"{head}{headers}content-length: {len(body)}\r\n\r\n".encode() + body


@dataclass(frozen=True, slots=True)
class Rate:
    """What wrk counted. `failed`: answers that were no success, and broken connections."""

    requests: int
    seconds: float
    failed: int


def wrk(way: Way, body: bytes, folder: Path, *, connections: int, seconds: int, query: str = "") -> Rate:
    """Ask over so many connections for so many seconds."""
    program = shutil.which("wrk")
    if program is None:
        raise AbsentError("wrk is not installed: apt-get install wrk")
    (folder / "body.json").write_bytes(body)
    headers = {"content-type": "application/json", **dict(way.headers)}
    script = folder / "ask.lua"
    script.write_text(
        f'wrk.method = "POST"\nlocal file = io.open({json.dumps(str(folder / "body.json"))}, "rb")\n'
        'wrk.body = file:read("*a")\nfile:close()\n'
        + "".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}\n" for name, value in headers.items())
    )
    cores = ",".join(str(core) for core in sorted(OTHERS))
    order = ["taskset", "-c", cores, program, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
    url = f"http://127.0.0.1:{way.port}{way.target}{query}"
    done = subprocess.run([*order, "-s", str(script), url], capture_output=True, text=True, check=True)
    found = _DONE.search(done.stdout)
    assert found is not None, done.stdout
    failed = sum(int(part) for match in _BAD.finditer(done.stdout) for part in match.groups() if part)
    return Rate(int(found[1]), float(found[2]), failed)


class Client:
    """One connection that is kept, and a stop-watch."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._socket = socket.create_connection(("127.0.0.1", way.port), 60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def ask(self, raw: bytes) -> float:
        """Return the seconds from the first byte of a request to the last one of its answer (of a stated length)."""
        begun = time.perf_counter()
        self.send(raw)
        self.answered()
        return time.perf_counter() - begun

    def send(self, raw: bytes) -> None:
        """Send a request and do not wait."""
        self._socket.sendall(raw)

    def answered(self) -> None:
        """Wait for the whole answer."""
        answer = self._socket.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])  # type: ignore[index]
        missing = length - len(body)
        while missing > 0:
            missing -= len(self._socket.recv(65536))
        assert head.startswith(b"HTTP/1.1 200"), answer[:300]

    def first(self, raw: bytes) -> float:
        """Return the seconds from the first byte of a request to the first event of its stream; read to the end."""
        begun = time.perf_counter()
        self._socket.sendall(raw)
        seen, taken = b"", 0.0
        while not seen.endswith(b"0\r\n\r\n"):
            seen += self._socket.recv(65536)
            if not taken and b"data:" in seen:
                taken = time.perf_counter() - begun
        return taken

    def leave(self, raw: bytes, after: float) -> float:
        """Send a request, leave before it is answered, and return the clock's reading (CLOCK_MONOTONIC) of that."""
        self._socket.sendall(raw)
        time.sleep(after)
        self._socket.close()
        return time.monotonic()


def together(clients: list[Client], raw: bytes) -> None:
    """Let all of them ask at once, and wait until each is answered."""
    for client in clients:
        client.send(raw)
    for client in clients:
        client.answered()
