"""One edge and one hub, real processes: started again whenever they end, as systemd would."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from soak.journal import Journal
from soak.shim import Shim

AGAIN_SECONDS: Final = 0.2
"""Between the end of a service and its next start."""
START_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.02


@dataclass
class Service:
    """A service that is kept running.

    Attributes:
        order: the command; environ: what it is started with.
        folder: where it writes `NAME.out` and `NAME.err`.
        wanted: False while it is stopped on purpose.
        ready: what it said when it was ready last.
    """

    name: str
    order: list[str]
    environ: dict[str, str]
    folder: Path
    shim: Shim
    journal: Journal
    wanted: bool = False
    ready: dict[str, Any] = field(default_factory=dict)
    popen: subprocess.Popen[bytes] | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def pid(self) -> int:
        """The running process; 0 for none."""
        popen = self.popen
        return popen.pid if popen is not None and popen.poll() is None else 0

    def start(self) -> None:
        """Start it, and wait until it is ready. From now on it is kept running."""
        with self._lock:
            self.wanted = True
            self._begin()
        self.await_ready()

    def _begin(self) -> None:
        self.ready = {}
        out = self.folder / f"{self.name}.out"
        self._from = out.stat().st_size if out.exists() else 0
        with out.open("ab") as told, (self.folder / f"{self.name}.err").open("ab") as errors:
            environ = {**os.environ, **self.environ, **self.shim.environ}
            self.popen = subprocess.Popen(self.order, stdin=subprocess.DEVNULL, stdout=told, stderr=errors, env=environ)
        self.journal.note("started", who=self.name, pid=self.popen.pid)

    def await_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until it has said that it is ready. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.look_after():
                return
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"{self.name} is not ready after {seconds:g} s: see {self.folder / self.name}.err")

    def look_after(self) -> bool:
        """Start it again where it has ended and is wanted. Return whether it is ready."""
        with self._lock:
            if self.popen is None or not self.wanted:
                return False
            if (code := self.popen.poll()) is not None:
                self.journal.note("ended", who=self.name, pid=self.popen.pid, code=code, wanted=False)
                time.sleep(AGAIN_SECONDS)
                self._begin()
            if not self.ready:
                with (self.folder / f"{self.name}.out").open("rb") as told:
                    told.seek(self._from)
                    line = told.readline()
                if line.endswith(b"\n"):
                    self.ready = json.loads(line)
                    self.journal.note("ready", who=self.name, pid=self.popen.pid)
            return bool(self.ready)

    def kill(self) -> None:
        """End it as a power cut would."""
        with suppress(ProcessLookupError, OSError):
            if pid := self.pid:
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end; it stays down until `start`."""
        with self._lock:
            self.wanted = False
            if self.popen is None:
                return
            if self.popen.poll() is None:
                self.popen.terminate()
            try:
                code = self.popen.wait(60)
            except subprocess.TimeoutExpired:
                self.journal.note("stuck", who=self.name, pid=self.popen.pid)
                self.popen.kill()
                code = self.popen.wait()
            self.journal.note("ended", who=self.name, pid=self.popen.pid, code=code, wanted=True)

    def children(self) -> list[int]:
        """Return the processes that it has started and that run."""
        found: list[int] = []
        for task in Path(f"/proc/{self.pid}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
        return found

    def limit(self, which: int, most: int) -> None:
        """Limit a resource of the running process; -1 for no limit."""
        with suppress(ProcessLookupError, OSError):
            if pid := self.pid:
                hard = resource.prlimit(pid, which)[1]
                resource.prlimit(pid, which, (hard if most < 0 else most, hard))


class Watch:
    """Looks after services on a thread."""

    def __init__(self, *services: Service) -> None:
        self._services = services
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            for service in self._services:
                with suppress(OSError):
                    service.look_after()


def command_line(process: int) -> str:
    """Return how a process was started, "" for one that is gone."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def python(*words: str) -> list[str]:
    """Return the command that runs a module of ours."""
    return [sys.executable, "-m", *words]
