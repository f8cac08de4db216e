"""A real container engine (Podman, with runc) on a socket of its own, with one small image and no registry.

Debian's default runtime refuses machines with both kinds of cgroups; runc takes each. Containers get no more processes
and files than the engine itself has.
"""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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

    def containers(self) -> list[dict[str, object]]:
        """Return all containers."""
        found: list[dict[str, object]] = json.loads(self.ask("ps", "--all", "--format", "json") or "[]")
        return found

    def wipe(self) -> None:
        """Delete all containers."""
        self.ask("rm", "--all", "--force", "--time", "0")


@contextmanager
def engine() -> Iterator[ContainerEngine]:
    """Run the engine; root alone can."""
    assert shutil.which("podman"), "no Podman on this machine. Fix: tools/podman.sh, as `make test` does"
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
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(serving, env=_environment(folder), stdout=subprocess.DEVNULL, stderr=log)
    try:
        for _ in range(400):
            if made.socket.exists():
                break
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        yield made
    finally:
        made.wipe()
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


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
