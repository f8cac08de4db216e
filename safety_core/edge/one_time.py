"""A path from which a value can be read once: a named pipe, or an ordinary file on a tmpfs that goes when it is opened.

A pipe (fifo(7)) never holds its content anywhere but in the kernel's memory, and only while somebody reads it. Its name
is taken away the moment a reader has opened it, before anything is written. Two that open it within the same
microseconds share what comes; only processes of the same user (and root) can.

An ordinary file is there in the tmpfs, which the kernel may swap, from the beginning until it is opened (inotify(7),
IN_OPEN), at most for its time. What is killed with -9 leaves a pipe without content, or such a file until the next
restart of the machine.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from safety_core.errors import UnavailableError
from safety_core.model.secret import SecretValue

AGAIN_SECONDS: Final = 0.01
"""How often it is tried whether somebody reads."""
SIGNAL_SECONDS: Final = 0.1
"""How long one wait in the kernel is: a signal that comes after Python's last look for one, and before the wait begins,
is seen at the wait's end only."""

_IN_OPEN: Final = 0x20
"""linux/inotify.h"""


def hand_out(
    value: SecretValue,
    name: str,
    seconds: float,
    told: Callable[[Path], None],
    *,
    plain: bool = False,
    base: Path | None = None,
) -> bool:
    """Let `value` be read once within `seconds`; tell whether it was.

    Args:
        told: given the path, once it is there.
        plain: an ordinary file instead of a pipe.
        base: where; None for a place in memory.

    Raises:
        UnavailableError: there is no such place, or the file cannot be made.
    """
    until = time.monotonic() + seconds
    with _ended_by_signals(), _folder(base or memory_folder()) as folder:
        path = folder / name
        try:
            return (_ordinary if plain else _pipe)(path, value.reveal().encode(), until, told)
        except OSError as error:
            raise UnavailableError(str(path), f"cannot be handed out ({error.strerror})") from error


def memory_folder() -> Path:
    """Return a folder on a tmpfs in which this user may write, and that commands of agents do not see where there are
    namespaces: they have a /dev of their own, and none has /run/user. Raises UnavailableError."""
    named = os.environ.get("XDG_RUNTIME_DIR")
    places = [Path(named)] if named else []
    for place in (*places, Path("/dev/shm"), Path("/run")):  # noqa: S108 - a folder of our own is made in it
        if os.access(place, os.W_OK | os.X_OK) and _file_system(place) in {"tmpfs", "ramfs"}:
            return place
    raise UnavailableError("one-time file", "finds no tmpfs to write to", "set XDG_RUNTIME_DIR to a folder on one")


def _file_system(path: Path) -> str:
    """Return the type of the file system that holds `path`, as /proc/self/mounts says; empty if it does not."""
    best, kind = "", ""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    for _, place, found, *_ in (line.split(" ") for line in lines):
        inside = path == Path(place) or Path(place) in path.parents
        if inside and len(place) >= len(best):
            best, kind = place, found
    return kind


def _pipe(path: Path, value: bytes, until: float, told: Callable[[Path], None]) -> bool:
    os.mkfifo(path, 0o600)
    told(path)
    while (handle := _opened_by_reader(path)) is None:
        if time.monotonic() >= until:
            return False
        time.sleep(AGAIN_SECONDS)
    path.unlink()
    try:
        return _written(handle, value, until)
    finally:
        os.close(handle)


def _opened_by_reader(path: Path) -> int | None:
    """Return the pipe's end for writing, None while nobody has the other one open."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None


def _written(handle: int, value: bytes, until: float) -> bool:
    """Write all of it; a reader that goes away, or is too slow, has not read it."""
    left = memoryview(value)
    while left:
        if not _ready(handle, select.POLLOUT, until):
            return False
        try:
            left = left[os.write(handle, left) :]
        except BrokenPipeError:
            return False
        except BlockingIOError:
            continue
    return True


def _ready(handle: int, event: int, until: float) -> bool:
    """Wait until `handle` can be read or written, and tell whether it can; signals are heeded meanwhile."""
    waiting = select.poll()
    waiting.register(handle, event)
    while not waiting.poll(SIGNAL_SECONDS * 1000):
        if time.monotonic() >= until:
            return False
    return True


def _ordinary(path: Path, value: bytes, until: float, told: Callable[[Path], None]) -> bool:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(value)
    watch = _watch(path)
    try:
        told(path)
        return _ready(watch, select.POLLIN, until)
    finally:
        os.close(watch)
        path.unlink(missing_ok=True)


def _watch(path: Path) -> int:
    """Return a descriptor that becomes readable when the file is opened. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = int(libc.inotify_init1(os.O_CLOEXEC))
    if handle < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if libc.inotify_add_watch(handle, os.fsencode(path), _IN_OPEN) < 0:
        number = ctypes.get_errno()
        os.close(handle)
        raise OSError(number, os.strerror(number))
    return handle


@contextmanager
def _folder(base: Path) -> Iterator[Path]:
    """Make a folder of its own (0700), and take it away with what is in it."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="safety-", dir=base))
    except OSError as error:
        raise UnavailableError(str(base), f"cannot be written to ({error.strerror})") from error
    try:
        yield folder
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Leave by an exception when asked to end, so that nothing stays behind."""

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
