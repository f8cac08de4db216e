"""Which tenants there are, on disk: what a pool that was killed has left is found and cleared by the next one.

One small file for each tenant, written before its first process runs and deleted when the last trace is gone. A
process is known by its number, the moment at which it began, and the boot of the machine: another that got the same
number meanwhile is not touched. Of visitors nothing is written down.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import select
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from safety_core.edge.confine.group import PREFIX, Group
from safety_core.edge.files import replace_file
from safety_core.errors import UnavailableError

NAME: Final = re.compile(r"[a-z2-7]{20,40}")
_SUFFIX: Final = ".json"
_END_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Record:
    """One tenant.

    Attributes:
        process: number of the process that waits for the tenant's first one.
        began: when that one began, in ticks since the machine's boot (proc(5), field 22 of `stat`).
        boot: which boot of the machine.
        groups: folders of its control groups.
    """

    name: str
    process: int
    began: int
    boot: str
    groups: tuple[str, ...]


class Ledger:
    """The records below one folder, which one pool holds at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "tenants"
        self._lock = folder / "lock"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder. Raises UnavailableError where another pool does."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                reason = "is another pool's"
                raise UnavailableError(
                    str(self._folder.parent), reason, "end that one, or give another --data"
                ) from error
            yield

    def add(self, name: str, process: int, groups: tuple[str, ...]) -> None:
        """Write down a tenant whose process waits to be told what to become."""
        record = Record(name, process, began(process), _boot(), groups)
        replace_file(self._folder / (name + _SUFFIX), json.dumps(asdict(record)).encode())

    def remove(self, name: str) -> None:
        """Delete a record."""
        (self._folder / (name + _SUFFIX)).unlink(missing_ok=True)

    def records(self) -> tuple[Record, ...]:
        """Return what is written down; what is none of ours is passed over."""
        found = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            with suppress(OSError, ValueError, TypeError, KeyError):
                said = json.loads(path.read_bytes())
                found.append(Record(**{**said, "groups": tuple(said["groups"])}))
        return tuple(found)

    async def clear(self) -> int:
        """End and remove what an earlier pool has left; return how many tenants that were.

        Raises:
            UnavailableError: something of them cannot be removed.
        """
        records = self.records()
        for record in records:
            await clear(record)
            self.remove(record.name)
        for path in self._folder.iterdir():  # half a record: its process was never told to go on
            path.unlink()
        return len(records)


async def clear(record: Record) -> None:
    """End what is left of a tenant. Raises UnavailableError where something stays."""
    if record.boot != _boot():
        return  # a machine that was started anew has neither processes nor groups of before
    _end(record.process, record.began)
    group = group_of(record.groups)
    await group.end()
    if any(folder.exists() for folder in group.folders()):
        reason = "still has processes that do not end"
        raise UnavailableError(record.groups[0], reason, "end them by hand, and start the pool again")


def group_of(folders: Sequence[str]) -> Group:
    """Return the control group in these folders, of those that are a group of ours by their name."""
    ours = [Path(folder) for folder in folders if Path(folder).name.startswith(PREFIX)]
    return Group(ours[0], ours[-1]) if ours else Group(None, None)


def began(process: int) -> int:
    """Return when a process began, in ticks since boot; 0 if there is none of this number."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[19])


def _end(process: int, since: int) -> None:
    """Kill a process if it is still the one that began then, and wait for its end."""
    try:
        held = os.pidfd_open(process)
    except OSError:
        return
    try:
        if began(process) == since:  # the descriptor names one process, which is now known to be the right one
            with suppress(OSError):
                signal.pidfd_send_signal(held, signal.SIGKILL)
            waiting = select.poll()
            waiting.register(held, select.POLLIN)
            waiting.poll(_END_SECONDS * 1000)
    finally:
        os.close(held)


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
