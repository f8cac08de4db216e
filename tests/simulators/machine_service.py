"""What runs in the namespaces of `tenant_network`: a process for each part, as a user of its own.

python -m tests.simulators.machine_service outside
python -m tests.simulators.machine_service resolver UID UPSTREAM
python -m tests.simulators.machine_service service UID ADDRESS PORT
python -m tests.simulators.machine_service patient UID ADDRESS PORT
python -m tests.simulators.machine_service edge UID HOME
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import socketserver
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path


def answer_to(asked: bytes) -> bytes:
    """Return "there is no such name" to a DNS query."""
    return asked[:2] + b"\x81\x83" + asked[4:6] + b"\0\0\0\0\0\0" + asked[12:]


class NamesByUdp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        raw, sender = self.request
        sender.sendto(answer_to(raw), self.client_address)


class NamesByTcp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        asked = self.request.recv(4096)[2:]
        answer = answer_to(asked)
        self.request.sendall(len(answer).to_bytes(2, "big") + answer)


class Web(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        if self.request.recv(4096):
            self.request.sendall(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        if isinstance(self.request, tuple):
            self.request[1].sendto(b"here", self.client_address)
        else:
            self.request.sendall(b"here")


class Patient(socketserver.BaseRequestHandler):
    """Answers once it was spoken to."""

    def handle(self) -> None:
        if self.request.recv(4096):
            self.request.sendall(b"here")


class Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True


class Tcp6(Tcp):
    address_family = socket.AF_INET6


class Udp6(Udp):
    address_family = socket.AF_INET6


def outside() -> list[socketserver.BaseServer]:
    any4, any6 = "0.0.0.0", "2001:db8::1"
    return [
        Udp((any4, 53), NamesByUdp),
        Tcp((any4, 53), NamesByTcp),
        Udp((any4, 443), Echo),
        *(Tcp((any4, port), Echo) for port in (853, 443, 22, 25)),
        Tcp((any4, 80), Web),
        Tcp6((any6, 443), Echo),
        Udp6((any6, 53), NamesByUdp),
        Tcp6(("fd00:ec2::254", 80), Echo),
    ]


def resolver(upstream: str) -> list[socketserver.BaseServer]:
    class Forward(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            raw, sender = self.request
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.settimeout(5)
                with suppress(OSError):  # contained itself: then nobody is answered
                    asking.connect((upstream, 53))
                    asking.send(raw)
                    sender.sendto(asking.recv(4096), self.client_address)

    return [Udp(("127.0.0.53", port), Forward) for port in (53, 5335)] + [Tcp(("127.0.0.53", 53), NamesByTcp)]


class Edge(BaseHTTPRequestHandler):
    """An edge as the doctor sees it: its status, and a model that nobody gets without a token."""

    postures: Path

    def do_GET(self) -> None:
        self._json(200, {"listeners": {"egress": 8100, "control_port": 8101}})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/posture":
            return self._json(401, {})
        self.postures.write_bytes(raw)
        return self._json(200, {"ok": True})

    def _json(self, status: int, body: object) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def address_string(self) -> str:
        return "here"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class UnixHttp(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


def edge(home: Path) -> list[socketserver.BaseServer]:
    for folder in (home, home / "keys"):
        folder.mkdir(mode=0o700)
    for name in ("vault.db", "edge.db", "audit.db", "keys/vault.key", "keys/edge.key"):
        (home / name).touch(0o600)
    Edge.postures = home / "posture.json"
    os.umask(0o177)
    return [UnixHttp(str(home / "edge.sock"), Edge), Tcp(("127.0.0.1", 8100), Edge)]


def main(part: str, *rest: str) -> None:
    if part == "outside":
        servers = outside()
    else:
        user = int(rest[0])
        if part == "edge":  # a folder of its own, made while that may be done
            os.chown(Path(rest[1]).parent, user, user)
        else:
            handler = Patient if part == "patient" else Echo
            servers = resolver(rest[1]) if part == "resolver" else [Tcp((rest[1], int(rest[2])), handler)]
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        if part == "edge":
            ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: as a program that was started as this user
            servers = edge(Path(rest[1]))
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
