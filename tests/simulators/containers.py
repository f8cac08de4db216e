"""Real container engines (Podman with runc, Docker) on sockets of their own, with one small image and no registry.

Podman's default runtime refuses machines with both kinds of cgroups; runc takes each. Containers get no more processes
and files than the engine itself has.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import resource
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

IMAGE = "localhost/tiny:1"
PROGRAMS = ("sh", "sleep", "cat", "echo", "env", "ls", "head", "yes", "tr", "dd", "true", "id")
PROCESSES = 2048


@dataclass(frozen=True)
class ContainerEngine:
    """The engine. `command` starts its own client on the same storage."""

    folder: Path
    socket: Path
    command: tuple[str, ...]

    @property
    def target(self) -> str:
        return f"unix://{self.socket}"

    def ask(self, *words: str) -> str:
        """Ask the engine by its own client."""
        asked, environment = [*self.command, *words], _environment(self.folder)
        done = subprocess.run(asked, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def containers(self) -> list[dict[str, str]]:
        """Return all containers, by the engine's API and nothing of ours."""
        found: list[dict[str, str]] = json.loads(self._api("GET", "/containers/json?all=true"))
        return found

    def wipe(self) -> None:
        """Delete all containers."""
        for one in self.containers():
            self._api("DELETE", f"/containers/{one['Id']}?force=true")

    def _api(self, method: str, path: str) -> bytes:
        line = http.client.HTTPConnection("localhost", timeout=60)
        line.sock = socket.socket(socket.AF_UNIX)
        with closing(line):
            line.sock.connect(str(self.socket))
            line.request(method, "/v1.40" + path, headers={"Connection": "close"})
            with line.getresponse() as response:
                return response.read()


@contextmanager
def podman() -> Iterator[ContainerEngine]:
    """Run Podman's engine; root alone can."""
    assert shutil.which("podman"), "no Podman on this machine. Fix: tools/containers.sh, as `make test` does"
    folder = Path(tempfile.mkdtemp(prefix="safety-engine-", dir="/tmp"))
    storage = ["--storage-driver", "vfs", "--root", f"{folder}/root", "--runroot", f"{folder}/run"]
    command = ("podman", "--runtime", "runc", *storage, "--tmpdir", f"{folder}/tmp")
    made = ContainerEngine(folder, folder / "engine.sock", command)
    files = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 1024)
    (folder / "containers.conf").write_text(
        '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
        f'[containers]\ndefault_ulimits = ["nofile={files}:{files}", "nproc={PROCESSES}:{PROCESSES}"]\n'
    )
    (folder / "image.tar").write_bytes(_image())
    made.ask("import", str(folder / "image.tar"), IMAGE)
    serving = [*command, "system", "service", "--time", "0", made.target]
    with _served(made, serving):
        yield made


@contextmanager
def docker() -> Iterator[ContainerEngine]:
    """Run Docker's own engine; root alone can."""
    assert shutil.which("dockerd"), "no Docker on this machine. Fix: tools/containers.sh, as `make test` does"
    folder = Path(tempfile.mkdtemp(prefix="safety-docker-", dir="/tmp"))
    made = ContainerEngine(folder, folder / "engine.sock", ("docker", "--host", f"unix://{folder}/engine.sock"))
    where = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/run", "--pidfile", f"{folder}/pid"]
    alone = ["--storage-driver", "vfs", "--iptables=false", "--ip6tables=false", "--bridge=none"]
    (folder / "image.tar").write_bytes(_image())
    with _served(made, ["dockerd", "--host", made.target, *where, *alone]):
        made.ask("import", str(folder / "image.tar"), IMAGE)
        yield made


@contextmanager
def _served(made: ContainerEngine, command: list[str]) -> Iterator[None]:
    """Run the engine until it is no longer wanted, then delete its folder."""
    log = made.folder / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=_environment(made.folder), stdout=out, stderr=out)
    try:
        for _ in range(600):
            with suppress(OSError):
                made.containers()
                break
            assert server.poll() is None, log.read_text()[-2000:]
            time.sleep(0.05)
        yield
        made.wipe()
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(made.folder, ignore_errors=True)


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "CONTAINERS_CONF": str(folder / "containers.conf")}


def _image() -> bytes:
    """Return a root folder with one program under several names, as a tar file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in ("bin", "tmp", "etc"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
        archive.add("/bin/busybox", "bin/busybox", filter=_plain)
        for name in PROGRAMS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
    return packed.getvalue()


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.mode = 0o755
    return info
