"""One file inside the workspace: read, write, edit, append.

1. The path's links are followed once, and the end compared with the workspace by components.
2. From the workspace down, every component of that end is opened without following links (openat, O_NOFOLLOW): whoever
   exchanges a folder for a link in between makes the operation fail, not escape.
3. Only regular files; a write replaces the file as a whole (a new file, renamed over the old one).

What an agent writes with a reference in it holds the value on disk, where the agent's programs read it; what it reads
comes back with references, since every result is redacted.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import BinaryIO, Final

from safety_core.edge.execute.limits import Limits
from safety_core.edge.fill import fill
from safety_core.errors import ExecutionError
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult, Undo
from safety_core.resolve import FilePlan

FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE: Final = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
EDIT_BYTES: Final = 16 * 1024 * 1024
"""Larger files are not edited: all of it is in memory, twice."""

UNDO_BYTES: Final = 256 * 1024
"""What stood in a larger file is not kept for the way back: it would lie in a database for a month."""


def run_file(plan: FilePlan, values: Mapping[SecretName, SecretValue], limits: Limits) -> ToolResult:
    """Do the operation. `output` is the text for a read, else a word about what was done.

    Raises:
        ExecutionError: the path leaves the workspace or is no regular file, or an edit's old text is not there once.
    """
    inside = _inside(plan.workspace, plan.path)
    content, old = fill(plan.content, values), fill(plan.old, values)
    try:
        with _folder(Path(plan.workspace).resolve(), inside.parts[:-1], make=plan.operation != "read") as folder:
            name = inside.parts[-1]
            if plan.operation == "read":
                raw = _read(folder, name, limits.output + 1)
                text = raw[: limits.output].decode("utf-8", "replace")
                return ToolResult(text, truncated=len(raw) > limits.output)
            undo = _way_back(folder, name, plan)
            match plan.operation:
                case "append":
                    _append(folder, name, content.encode())
                case "write":
                    _replace(folder, name, content.encode())
                case _:
                    before = _read(folder, name, EDIT_BYTES + 1)
                    _replace(folder, name, _edited(before, old.encode(), content.encode(), plan))
    except OSError as error:
        raise _refusal(plan.path, f"cannot be used ({error.strerror})") from None
    return ToolResult(f"{plan.operation} done: {inside}", undo=undo)


def read_bytes(workspace: str, path: str, limit: int) -> bytes:
    """Return a file of the workspace. Raises ExecutionError where it is none, or larger than `limit` bytes."""
    inside = _inside(workspace, path)
    try:
        with _folder(Path(workspace).resolve(), inside.parts[:-1], make=False) as folder:
            raw = _read(folder, inside.name, limit + 1)
    except OSError as error:
        raise _refusal(path, f"cannot be used ({error.strerror})") from None
    if len(raw) > limit:
        raise _refusal(path, f"is larger than {limit} bytes")
    return raw


@contextmanager
def new_file(workspace: str, path: str) -> Iterator[BinaryIO]:
    """Yield a file of the workspace to write to: it is there once all is written, and nothing is replaced.

    Raises:
        ExecutionError: the path leaves the workspace, there is a file already, or it cannot be written.
    """
    inside = _inside(workspace, path)
    try:
        with _folder(Path(workspace).resolve(), inside.parts[:-1], make=True) as folder:
            fresh = f".{secrets.token_hex(8)}.new"
            try:
                with os.fdopen(_open(folder, fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                    yield file
                os.link(fresh, inside.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            finally:
                with suppress(OSError):
                    os.unlink(fresh, dir_fd=folder)
    except OSError as error:
        raise _refusal(path, f"cannot be written ({error.strerror})", "choose another name") from None


def _inside(workspace: str, path: str) -> PurePath:
    """Return where the path ends, relative to the workspace, links followed."""
    root = os.path.realpath(workspace)
    end = PurePath(root if "\x00" in path else os.path.realpath(PurePath(root, path)))
    if not workspace or path.startswith("~") or not end.is_relative_to(root) or end == PurePath(root):
        raise _refusal(path, "is not a file inside of the workspace")
    return end.relative_to(root)


@contextmanager
def _folder(root: Path, parts: tuple[str, ...], *, make: bool) -> Iterator[int]:
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


def _open(folder: int, name: str, flags: int) -> int:
    """Open a regular file, or raise OSError."""
    handle = os.open(name, flags | FILE, 0o666, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "not a regular file")
    return handle


def _read(folder: int, name: str, limit: int) -> bytes:
    with os.fdopen(_open(folder, name, os.O_RDONLY), "rb") as file:
        return file.read(limit)


def _way_back(folder: int, name: str, plan: FilePlan) -> Undo | None:
    """Return the call that writes back what stands there now, where that is a text of moderate length."""
    try:
        before = _read(folder, name, UNDO_BYTES + 1)
        text = before.decode()
    except (OSError, UnicodeDecodeError):
        return None
    return Undo("write", {"path": plan.path, "content": text}) if len(before) <= UNDO_BYTES else None


def _append(folder: int, name: str, content: bytes) -> None:
    with os.fdopen(_open(folder, name, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "ab") as file:
        file.write(content)


def _replace(folder: int, name: str, content: bytes) -> None:
    """Write a new file beside the old one and rename it over; permissions stay."""
    mode = None
    with suppress(FileNotFoundError):
        handle = _open(folder, name, os.O_RDONLY)
        mode = stat.S_IMODE(os.fstat(handle).st_mode)
        os.close(handle)
    fresh = f".{secrets.token_hex(8)}.new"
    try:
        with os.fdopen(_open(folder, fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.write(content)
            if mode is not None:
                os.fchmod(file.fileno(), mode)
        os.rename(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(fresh, dir_fd=folder)
        raise


def _edited(before: bytes, old: bytes, new: bytes, plan: FilePlan) -> bytes:
    if len(before) > EDIT_BYTES:
        raise _refusal(plan.path, f"is larger than {EDIT_BYTES} bytes")
    found = before.count(old) if old else 0
    if found != 1:
        raise _refusal(plan.path, f"holds the old text {found} times, not once", "quote more of its surroundings")
    return before.replace(old, new)


def _refusal(path: str, reason: str, fix: str = "") -> ExecutionError:
    return ExecutionError(f"file {path}", reason, fix)
