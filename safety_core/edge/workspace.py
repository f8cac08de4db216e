"""Files inside the workspace: followed once, then opened step by step without following links.

1. The path's links are followed once, and the end compared with the workspace by components.
2. From the workspace down, every component of that end is opened without following links (openat, O_NOFOLLOW): whoever
   exchanges a folder for a link in between makes the operation fail, not escape.
3. Only regular files.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import BinaryIO, Final

from safety_core.errors import ExecutionError

FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE: Final = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def read_bytes(workspace: str, path: str, limit: int) -> bytes:
    """Return a file of the workspace. Raises ExecutionError where it is none, or larger than `limit` bytes."""
    inside = inside_of(workspace, path)
    try:
        with folder_in(Path(workspace).resolve(), inside.parts[:-1], make=False) as folder:
            raw = read_part(folder, inside.name, limit + 1)
    except OSError as error:
        raise refusal(path, f"cannot be used ({error.strerror})") from None
    if len(raw) > limit:
        raise refusal(path, f"is larger than {limit} bytes")
    return raw


@contextmanager
def new_file(workspace: str, path: str) -> Iterator[BinaryIO]:
    """Yield a file of the workspace to write to: it is there once all is written, and nothing is replaced.

    Raises:
        ExecutionError: the path leaves the workspace, there is a file already, or it cannot be written.
    """
    inside = inside_of(workspace, path)
    try:
        with folder_in(Path(workspace).resolve(), inside.parts[:-1], make=True) as folder:
            fresh = f".{secrets.token_hex(8)}.new"
            try:
                with os.fdopen(open_file(folder, fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                    yield file
                os.link(fresh, inside.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            finally:
                with suppress(OSError):
                    os.unlink(fresh, dir_fd=folder)
    except OSError as error:
        raise refusal(path, f"cannot be written ({error.strerror})", "choose another name") from None


def inside_of(workspace: str, path: str, hidden: Iterable[str] = ()) -> PurePath:
    """Return where the path ends, relative to the workspace, links followed.

    Args:
        hidden: real paths in the workspace that are not there for agents, such as the edge's own folder.

    Raises:
        ExecutionError: it leaves the workspace, or is hidden.
    """
    root = os.path.realpath(workspace)
    end = PurePath(root if "\x00" in path else os.path.realpath(PurePath(root, path)))
    if not workspace or path.startswith("~") or not end.is_relative_to(root) or end == PurePath(root):
        raise refusal(path, "is not a file inside of the workspace")
    if any(PurePath(one).is_relative_to(root) and end.is_relative_to(one) for one in hidden):
        raise refusal(path, "is hidden from what agents do")
    return end.relative_to(root)


@contextmanager
def folder_in(root: Path, parts: tuple[str, ...], *, make: bool) -> Iterator[int]:
    """Open the folder `parts` below `root`, step by step, making what is missing if asked to."""
    current = os.open(root, FOLDER)
    try:
        for part in parts:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=current)
            below = os.open(part, FOLDER, dir_fd=current)
            os.close(current)
            current = below
        yield current
    finally:
        os.close(current)


def open_file(folder: int, name: str, flags: int) -> int:
    """Open a regular file, or raise OSError."""
    handle = os.open(name, flags | FILE, 0o666, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "not a regular file")
    return handle


def read_part(folder: int, name: str, limit: int) -> bytes:
    """Return the first `limit` bytes of a regular file, or raise OSError."""
    with os.fdopen(open_file(folder, name, os.O_RDONLY), "rb") as file:
        return file.read(limit)


def refusal(path: str, reason: str, fix: str = "") -> ExecutionError:
    """Return the error that names a file."""
    return ExecutionError(f"file {path}", reason, fix)
