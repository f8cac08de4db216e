"""The faults there are: what is done to which part, for how long, and how it is taken back."""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from soak.corrupting import Corruption
from soak.fleet import Service, command_line
from soak.journal import Journal
from soak.line import HURT, Line

JUMPS: Final = (90.0, 1800.0, 7200.0)
"""Seconds: past what the hub takes as skew, past what a grant may be used for, past an hour of usage."""
SYNCS: Final = (0.05, 0.2, 0.6)
"""Seconds that one sync takes on a slow disk."""
ROOMS: Final = (0, 256 * 1024, 2 * 1024 * 1024)
"""Bytes by which a process may still grow at a limit of memory."""
PATIENCE: Final = 6.0
"""Seconds for a child to come along that can be killed."""
CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """All that faults are done to. `pace`: how long they last, of what is usual."""

    edge: Service
    hub: Service
    lines: Mapping[str, Line]
    folders: Mapping[str, Path]
    corruption: Corruption
    journal: Journal
    chance: random.Random
    pace: float = 1.0

    def one(self) -> Service:
        """Return edge or hub."""
        return self.chance.choice((self.edge, self.hub))

    def hold(self, least: float, most: float) -> float:
        """Let a fault last."""
        seconds = self.chance.uniform(least, most) * self.pace
        time.sleep(seconds)
        return seconds


Made = dict[str, Any]
Fault = Callable[[Target], Made]


def kill_edge(target: Target) -> Made:
    """Kill -9 of the edge."""
    target.edge.kill()
    target.hold(0.3, 1.0)
    return {"who": "edge"}


def kill_hub(target: Target) -> Made:
    """Kill -9 of the hub."""
    target.hub.kill()
    target.hold(0.3, 1.0)
    return {"who": "hub"}


def kill_worker(target: Target) -> Made:
    """Kill -9 of the edge's policy worker."""
    return {"who": "policy worker", "hit": _kill_child(target, worker=True)}


def kill_child(target: Target) -> Made:
    """Kill -9 of a child that carries out a command or an operation of a service."""
    return {"who": "child", "hit": _kill_child(target, worker=False)}


def _kill_child(target: Target, *, worker: bool) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for child in target.edge.children():
            words = command_line(child)
            if words and ("rego_worker" in words) is worker:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                    target.hold(0.0, 0.3)
                    return True
        time.sleep(0.005)
    return False


def full_disk_edge(target: Target) -> Made:
    """No room on the file system of the edge's state."""
    return _full(target, "edge")


def full_disk_hub(target: Target) -> Made:
    """No room on the file system of the hub's."""
    return _full(target, "hub")


def _full(target: Target, who: str) -> Made:
    with filled(target.folders[who]) as size:
        target.hold(1.5, 3.5)
    return {"who": who, "filled": size}


@contextmanager
def filled(folder: Path) -> Iterator[int]:
    """Take all room of a file system until the block ends. Yield how many bytes that were."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            while True:
                file.write(b"\0" * CHUNK)
        with suppress(OSError):
            while True:
                file.write(b"\0" * 512)
        size = file.tell()
    try:
        yield size
    finally:
        filler.unlink()


def clock_forward(target: Target) -> Made:
    """A clock jumps ahead, and back again later."""
    return _jump(target, 1)


def clock_back(target: Target) -> Made:
    """A clock jumps back, and ahead again later."""
    return _jump(target, -1)


def _jump(target: Target, sign: int) -> Made:
    service, seconds = target.one(), sign * target.chance.choice(JUMPS)
    service.shim.jump(seconds)
    target.hold(1.5, 3.5)
    service.shim.jump(0)
    return {"who": service.name, "seconds": seconds}


def slow_disk(target: Target) -> Made:
    """Each sync takes long."""
    service, seconds = target.one(), target.chance.choice(SYNCS)
    before = service.shim.syncs
    service.shim.slow(seconds)
    target.hold(2.0, 4.0)
    service.shim.slow(0)
    return {"who": service.name, "seconds": seconds, "syncs": service.shim.syncs - before}


def _on_a_line(mode: str) -> Fault:
    def fault(target: Target) -> Made:
        name = target.chance.choice(sorted(target.lines))
        target.lines[name].behave(mode)
        target.hold(1.5, 3.5)
        target.lines[name].behave("pass")
        return {"who": f"line to {name}"}

    fault.__doc__ = f"A line that does {mode}."
    return fault


def hub_away(target: Target) -> Made:
    """The hub is stopped, and started again."""
    target.hub.stop()
    target.hold(1.0, 3.0)
    target.hub.start()
    return {"who": "hub"}


def frozen(target: Target) -> Made:
    """A service that stands still: its connections are open, and nobody is there."""
    service = target.one()
    pid = service.pid
    with suppress(ProcessLookupError):
        if pid:
            os.kill(pid, signal.SIGSTOP)
            target.hold(1.0, 3.0)
            os.kill(pid, signal.SIGCONT)
    return {"who": service.name}


def no_descriptors(target: Target) -> Made:
    """A running process gets no more than a few further descriptors."""
    service, spare = target.one(), target.chance.randrange(4)
    held = len(os.listdir(f"/proc/{service.pid}/fd")) if service.pid else 0  # noqa: PTH208 - no path is needed
    service.limit(resource.RLIMIT_NOFILE, held + spare)
    target.hold(1.5, 3.5)
    service.limit(resource.RLIMIT_NOFILE, -1)
    return {"who": service.name, "spare": spare}


def no_memory(target: Target) -> Made:
    """A running process may hardly grow any more."""
    service = target.one()
    size = 0
    with suppress(OSError):
        size = int(Path(f"/proc/{service.pid}/statm").read_text().split()[0]) * resource.getpagesize()
        service.limit(resource.RLIMIT_AS, size + target.chance.choice(ROOMS))
        target.hold(1.5, 3.5)
        service.limit(resource.RLIMIT_AS, -1)
    return {"who": service.name, "bytes": size}


def corrupt_edge(target: Target) -> Made:
    """State files of the edge, cut or flipped in copies that it is started on."""
    return target.corruption.of_edge(target.edge, target.chance)


def corrupt_hub(target: Target) -> Made:
    """State files of the hub, the same."""
    return target.corruption.of_hub(target.hub, target.chance)


FAULTS: Final[Mapping[str, Fault]] = {
    **{
        one.__name__: one
        for one in (
            kill_edge,
            kill_hub,
            kill_worker,
            kill_child,
            full_disk_edge,
            full_disk_hub,
            clock_forward,
            clock_back,
            slow_disk,
            hub_away,
            frozen,
            no_descriptors,
            no_memory,
            corrupt_edge,
            corrupt_hub,
        )
    },
    **{f"line_{mode}": _on_a_line(mode) for mode in HURT},
}
"""By name."""
