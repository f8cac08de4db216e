"""An HTTP client that goes through the forward proxy, byte by byte: what a library would mend or refuse is sent."""

from __future__ import annotations

import base64
import socket
import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

SECONDS: Final = 20.0
_KEPT: Final = "!#$%&'()*+,/:;=?@[]~-._"


@dataclass(frozen=True, slots=True)
class Got:
    """An answer. `tunnel`: it was CONNECT that was answered so, before any request."""

    status: int
    body: bytes
    tunnel: bool = False


class Client:
    """Args:
    port: the forward proxy's.
    ca: trusts certificates of this CA (PEM) alone.
    """

    def __init__(self, port: int, token: str, ca: str) -> None:
        self._port = port
        self._sign_in = f"Proxy-Authorization: Basic {base64.b64encode(f'me:{token}'.encode()).decode()}\r\n"
        self._context = ssl.create_default_context(cafile=ca)

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Got:
        """Return what comes back. Raises OSError or ValueError."""
        with self._open(url) as opened:
            if isinstance(opened.first, Got):
                return opened.first
            opened.socket.sendall(self._request(method, url, headers, body, opened.secured))
            return _got(opened.socket, method)

    def upgrade(self, url: str, headers: dict[str, str], frames: list[bytes]) -> tuple[Got, bytes]:
        """Ask for a WebSocket, send frames, and return the answer and everything that came back until the other side
        ended it or said nothing."""
        asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        asked["Sec-WebSocket-Key"] = base64.b64encode(bytes(16)).decode()
        with self._open(url) as opened:
            if isinstance(opened.first, Got):
                return opened.first, b""
            opened.socket.sendall(self._request("GET", url, {**asked, **headers}, b"", opened.secured))
            head = _head(opened.socket)
            status = int(head.split(b" ", 2)[1])
            if status != 101:
                return Got(status, head.partition(b"\r\n\r\n")[2] + _rest(opened.socket)), b""
            for frame in frames:
                opened.socket.sendall(frame)
            opened.socket.sendall(b"\x88\x80\0\0\0\0")
            return Got(status, b""), _rest(opened.socket)

    def _open(self, url: str) -> _Opened:
        parts = urlsplit(url)
        raw = socket.create_connection(("127.0.0.1", self._port), SECONDS)
        if parts.scheme not in {"https", "wss"}:
            return _Opened(raw, None, secured=False)
        where = f"{parts.netloc.rpartition('@')[2]}{'' if parts.port else ':443'}"
        raw.sendall(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{self._sign_in}\r\n".encode())
        head = _head(raw)
        status = int(head.split(b" ", 2)[1])
        if status != 200:
            return _Opened(raw, Got(status, head.partition(b"\r\n\r\n")[2] + _rest(raw), tunnel=True), secured=True)
        return _Opened(self._context.wrap_socket(raw, server_hostname=parts.hostname), None, secured=True)

    def _request(self, method: str, url: str, headers: dict[str, str], body: bytes, secured: bool) -> bytes:
        parts = urlsplit(url)
        path = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT)}" if parts.query else "")
        target = path if secured else f"http://{parts.netloc}{path}"
        lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}"]
        lines += [
            f"{name}: {value}" for name, value in headers.items() if name.lower() not in {"host", "content-length"}
        ]
        if body or method in {"POST", "PUT", "PATCH"}:
            lines.append(f"Content-Length: {len(body)}")
        sign_in = "" if secured else self._sign_in
        return "\r\n".join(lines).encode("utf-8") + f"\r\n{sign_in}\r\n".encode() + body


class _Opened:
    def __init__(self, opened: socket.socket, first: Got | None, *, secured: bool) -> None:
        self.socket, self.first, self.secured = opened, first, secured

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def _head(connected: socket.socket) -> bytes:
    held = b""
    while b"\r\n\r\n" not in held:
        held += (more := connected.recv(65536))
        if not more:
            raise ConnectionError("the connection ended before an answer")
    return held


def _got(connected: socket.socket, method: str) -> Got:
    """Return one answer, its body by the length that it states."""
    head, _, body = _head(connected).partition(b"\r\n\r\n")
    lines = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    stated = {name.strip().lower(): value.strip() for name, _, value in lines}
    length = int(stated.get(b"content-length", b"-1")) if method != "HEAD" else 0
    while length < 0 or len(body) < length:
        more = connected.recv(65536)
        body += more
        if not more or (length < 0 and body.endswith(b"0\r\n\r\n")):
            break
    if length >= 0 and len(body) < length:
        raise ConnectionError("the answer was cut off")
    return Got(int(head.split(b" ", 2)[1]), body)


def _rest(connected: socket.socket) -> bytes:
    held = b""
    try:
        while more := connected.recv(65536):
            held += more
    except OSError:
        pass
    return held
