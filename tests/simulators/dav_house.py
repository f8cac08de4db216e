"""A server of calendars and address books on loopback: radicale, with one calendar and one address book of "anna"."""

from __future__ import annotations

import base64
import http.client
import secrets
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulators.certificates import Certificate, certificate
from tests.simulators.serving import free_port

CONFIGURATION = """
[server]
hosts = 127.0.0.1:{port}
ssl = {ssl}
certificate = {chain}
key = {key}
max_connections = 20
max_content_length = 100000000
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/data
[logging]
level = error
[web]
type = none
"""

SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:k="urn:ietf:params:xml:ns:carddav"'


@dataclass
class DavHouse:
    folder: Path
    trusted: Certificate
    port: int
    plain: int
    """The port without TLS, of a second process over the same files."""
    user: str = "anna"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    def ask(self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Ask as another program does; return status and body."""
        context = ssl.create_default_context(cafile=str(self.trusted.chain))
        line = http.client.HTTPSConnection("localhost", self.port, context=context, timeout=60)
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        line.request(method, path, body.encode(), {"Authorization": f"Basic {login}", **(headers or {})})
        answer = line.getresponse()
        told = answer.read().decode()
        line.close()
        return answer.status, told

    def make(self, path: str, kind: str, name: str) -> None:
        """Make a calendar ("c:calendar") or an address book ("k:addressbook")."""
        body = (
            f"<d:mkcol {SPACES}><d:set><d:prop><d:resourcetype><d:collection/><{kind}/></d:resourcetype>"
            f"<d:displayname>{name}</d:displayname></d:prop></d:set></d:mkcol>"
        )
        assert self.ask("MKCOL", path, body)[0] == 201

    def empty(self) -> None:
        """Forget all there is, and make the two anew."""
        shutil.rmtree(self.folder / "data" / "collection-root" / "anna", ignore_errors=True)
        self.ask("PROPFIND", "/anna/", headers={"Depth": "0"})
        self.make("/anna/home/", "c:calendar", "Home")
        self.make("/anna/people/", "k:addressbook", "People")

    def names(self, path: str) -> list[str]:
        """Return what lies in a collection."""
        _, told = self.ask("PROPFIND", path, headers={"Depth": "1"})
        return sorted(part.partition("<")[0] for part in told.split("<href>")[1:] if "." in part.partition("<")[0])


@contextmanager
def dav_house() -> Iterator[DavHouse]:
    """Yield the server, started."""
    folder = Path(tempfile.mkdtemp(prefix="safety-dav-", dir="/tmp"))
    house = DavHouse(folder, certificate(folder), free_port(), free_port())
    (folder / "users").touch(0o600)
    (folder / "users").write_text(f"{house.user}:{house.password}\n")
    servers = []
    try:
        for port, secure in ((house.port, True), (house.plain, False)):
            configuration = folder / f"{port}.ini"
            configuration.write_text(
                CONFIGURATION.format(
                    port=port, ssl=secure, chain=house.trusted.chain, key=house.trusted.key, folder=folder
                )
            )
            command = [sys.executable, "-m", "radicale", "--config", str(configuration)]
            with (folder / "log").open("ab") as log:
                servers.append(subprocess.Popen(command, cwd=folder, stdout=log, stderr=log))
        _await_ready(house, servers[0])
        yield house
    finally:
        for server in servers:
            server.kill()  # it has nothing to put away, and may be busy
            server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _await_ready(house: DavHouse, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            house.ask("OPTIONS", "/")
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"radicale did not start: {(house.folder / 'log').read_text()[-800:]}") from None
            time.sleep(0.05)
        else:
            return
