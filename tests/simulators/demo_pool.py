"""A pool of demo tenants as its command starts it, visitors without a browser, and a look from inside of a tenant."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.simulators.files import paths_in

PATIENCE = 400.0


@dataclass
class RunningPool:
    """`safety demo-pool serve` in a process of its own."""

    data: Path
    process: subprocess.Popen[str]
    ready: dict[str, Any]
    log: Path
    visitors: list[Visitor] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.ready["port"])

    @property
    def origin(self) -> str:
        return str(self.ready["url"])

    @property
    def records(self) -> dict[str, dict[str, Any]]:
        """What is written down of tenants, by name."""
        found = {}
        for path in (self.data / "tenants").glob("*.json"):
            with suppress(FileNotFoundError):  # it has just ended
                record = json.loads(path.read_bytes())
                found[record["name"]] = record
        return found

    def visitor(self) -> Visitor:
        made = Visitor(self)
        self.visitors.append(made)
        return made

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it in good order, and say what was wrong where it did not."""
        for visitor in self.visitors:
            visitor.client.close()
        if self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(60) == 0, self.log.read_text()


@contextmanager
def running_pool(data: Path, **options: object) -> Iterator[RunningPool]:
    """Start a pool and stop it. `options`: of the command, with underscores."""
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    log = data.parent / f"{data.name}-{os.urandom(4).hex()}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "safety_core.cli", "demo-pool", "serve", "--data", str(data), "--port", "0", *words],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, log.read_text()
        pool = RunningPool(data, process, json.loads(line), log)
        yield pool
        pool.stop()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()


@dataclass
class Visitor:
    """Somebody with a browser that keeps cookies and runs no script."""

    pool: RunningPool
    client: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.pool.port}", timeout=60)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.client.get(path, headers={"Host": f"localhost:{self.pool.port}", **headers})

    def post(self, path: str, host: str = "", **fields: str) -> httpx2.Response:
        headers = {"Host": host or f"localhost:{self.pool.port}", "Origin": self.pool.origin}
        return self.client.post(path, data=fields, headers=headers)

    def start(self) -> None:
        """Take a tenant, and wait until it is there."""
        answer = self.post("/start")
        assert answer.status_code == 303, answer.text
        until(lambda: "Your phone answers" in self.get("/watch").text)

    @property
    def name(self) -> str:
        """The tenant's name, as the page's links have it."""
        return self.get("/watch").text.partition("/invite/")[0].rpartition("//")[2].partition(".")[0]

    @property
    def host(self) -> str:
        return f"{self.name}.localhost:{self.pool.port}"

    def do(self, **fields: str) -> None:
        assert self.post("/watch/do", **fields).status_code == 303

    def story(self) -> str:
        return self.get("/watch/story").text

    def sees(self, *words: str) -> str:
        """Wait until the story has all of these words, and return it."""
        until(lambda: all(word in self.story() for word in words))
        return self.story()


@dataclass(frozen=True)
class Inside:
    """A tenant's namespaces, entered by the machine's root: nobody in a tenant can do more than this does."""

    first: int
    uid: int

    @classmethod
    def of(cls, record: dict[str, Any]) -> Inside:
        """Find the tenant's first process."""
        children = Path(f"/proc/{record['process']}/task/{record['process']}/children").read_text().split()
        first = int(children[0])
        status = Path(f"/proc/{first}/status").read_text()
        return cls(first, int(status.partition("Uid:")[2].split()[0]))

    def namespace(self, kind: str) -> str:
        return str(Path(f"/proc/{self.first}/ns/{kind}").readlink())

    def python(self, code: str, *words: str) -> Any:
        """Run a program as the tenant's user, in all of its namespaces; return what it printed, read as JSON."""
        entering = [
            "nsenter",
            "-t",
            str(self.first),
            "-m",
            "-u",
            "-i",
            "-n",
            "-p",
            "-S",
            str(self.uid),
            "-G",
            str(self.uid),
        ]
        run = [*entering, sys.executable, "-c", code, *words]
        done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=60, env={"LANG": "C.UTF-8"})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


SPACES = ("pid", "net", "mnt", "ipc", "cgroup")


class Traces:
    """What there is of a tenant while it lives, to be looked for afterwards."""

    def __init__(self, pool: RunningPool, visitor: Visitor) -> None:
        self.name = visitor.name
        record = pool.records[self.name]
        inside = Inside.of(record)
        self.spaces = {kind: inside.namespace(kind) for kind in SPACES}
        # The kernel gives the number of a namespace that is gone to a new one; of one that is held open it does not.
        self.held = [os.open(f"/proc/{inside.first}/ns/{kind}", os.O_RDONLY) for kind in SPACES]
        inner = processes_in("pid", self.spaces["pid"])
        self.processes = {number: began(number) for number in (*inner, record["process"])}
        self.groups = [Path(folder) for folder in record["groups"]]
        self.uid = inside.uid
        assert len(self.processes) > 4  # its first, stage, hub, edge, the policy worker
        assert all(folder.is_dir() for folder in self.groups)

    def left(self, data: Path, *texts: str) -> list[str]:
        """Return all that is still there."""
        found = [
            f"{kind} namespace: {held}" for kind, space in self.spaces.items() if (held := processes_in(kind, space))
        ]
        while self.held:
            os.close(self.held.pop())
        # Numbers of processes are given again, too; the moment at which one began is not.
        found += [f"process {number}" for number, start in self.processes.items() if start and began(number) == start]
        found += [str(folder) for folder in self.groups if folder.exists()]
        for place in (data, Path("/dev/shm"), Path("/run")):
            for path in paths_in(place):
                with suppress(FileNotFoundError):  # others make and remove files there too
                    found += self._told_by(path, (self.name, *texts) if place == data else ())
        found += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if self.name in line]
        sockets = Path("/proc/net/unix").read_text() + Path("/proc/net/tcp").read_text()
        return found + ([self.name] if self.name in sockets else [])

    def _told_by(self, path: Path, texts: tuple[str, ...]) -> list[str]:
        if self.name in path.name or path.lstat().st_uid == self.uid:
            return [str(path)]
        if not texts or not path.is_file():
            return []
        return [f"{text} in {path}" for text in texts if text.encode() in path.read_bytes()]


def began(process: int) -> str:
    """Return when a process began, in ticks since the machine started; "" for one that is not there, or of which only
    the exit status is that nobody has fetched yet."""
    try:
        state, *rest = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state == "Z" else rest[18]


def listening(process: int) -> set[str]:
    """Return the sockets by which a process listens."""
    own = {str(path.readlink()) for path in Path(f"/proc/{process}/fd").iterdir() if path.is_symlink()}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own}


def processes_in(kind: str, namespace: str) -> list[int]:
    """Return all processes of this machine that are in a namespace."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and str((folder / "ns" / kind).readlink()) == namespace:
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def until(good: Any, patience: float = PATIENCE) -> None:
    """Wait until something holds."""
    end = time.monotonic() + patience
    while not good():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)
