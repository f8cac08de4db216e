"""A private PostgreSQL server on a Unix socket, as an unprivileged user, for as long as a block lasts."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


def binaries() -> Path:
    """Return the folder of the newest server that Debian's packages have put on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    assert found, "no PostgreSQL server on this machine. Fix: tools/postgresql.sh, as `make test` does"
    return found[-1].parent


@dataclass(frozen=True)
class Cluster:
    folder: Path
    programs: Path
    port: int = 5432
    """Of the socket's name; also one of loopback where the cluster listens there."""

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database as empty as `template`; return its URL."""
        socket: list[str | Path] = ["-h", self.folder, "-p", str(self.port)]
        command: list[str | Path] = [self.programs / "createdb", *socket, "-U", "hub", "-T", template, name]
        subprocess.run(command, check=True, capture_output=True)
        return f"postgresql://hub@/{name}?host={self.folder}"


@contextmanager
def private_cluster(programs: Path, *, durable: bool = False, port: int = 0) -> Iterator[Cluster]:
    """Run a server.

    Args:
        durable: what it acknowledges is on the disk, as for a real one; tests have no use for that.
        port: of loopback, where it listens too; 0 for its socket alone.
    """
    folder = Path(tempfile.mkdtemp(prefix="safety-pg-", dir="/tmp"))
    become: list[str] = []
    if os.getuid() == 0:  # the server refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        become = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    data = folder / "data"
    options = ["--auth=trust", "--username=hub", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run([*become, programs / "initdb", "-D", data, *options], check=True, capture_output=True, cwd=folder)
    cluster = Cluster(folder, programs, port or 5432)
    settings = ["-c", f"listen_addresses={'127.0.0.1' if port else ''}", "-c", f"unix_socket_directories={folder}"]
    settings += ["-c", f"port={cluster.port}"]
    settings += [] if durable else ["-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        command: list[str | Path] = [*become, programs / "postgres", "-D", data, *settings]
        server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=log)
    try:
        _await_ready(cluster, server)
        yield cluster
    finally:
        server.send_signal(signal.SIGINT)  # "fast": ends open sessions
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _await_ready(cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    asked: list[str | Path] = [cluster.programs / "pg_isready", "-h", cluster.folder, "-p", str(cluster.port), "-q"]
    while subprocess.run(asked, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("PostgreSQL did not start")
        time.sleep(0.05)
