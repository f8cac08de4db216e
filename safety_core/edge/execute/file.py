"""One file inside the workspace: read, write, edit, append.

How a path is followed stands in `safety_core.edge.workspace`. A write replaces the file as a whole: a new file, renamed
over the old one.

What an agent writes with a reference in it holds the value on disk, where the agent's programs read it; what it reads
comes back with references, since every result is redacted.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from safety_core.edge.execute.limits import Limits
from safety_core.edge.fill import fill
from safety_core.edge.workspace import folder_in, inside_of, open_file, read_part, refusal
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult, Undo
from safety_core.resolve import FilePlan

EDIT_BYTES: Final = 16 * 1024 * 1024
"""Larger files are not edited: all of it is in memory, twice."""

UNDO_BYTES: Final = 256 * 1024
"""What stood in a larger file is not kept for the way back: it would lie in a database for a month."""


def run_file(plan: FilePlan, values: Mapping[SecretName, SecretValue], limits: Limits) -> ToolResult:
    """Do the operation. `output` is the text for a read, else a word about what was done.

    Raises:
        ExecutionError: the path leaves the workspace, is hidden or no regular file, or an edit's old text is not there
            once.
    """
    inside = inside_of(plan.workspace, plan.path, limits.confinement.hidden if limits.confinement else ())
    content, old = fill(plan.content, values), fill(plan.old, values)
    try:
        with folder_in(Path(plan.workspace).resolve(), inside.parts[:-1], make=plan.operation != "read") as folder:
            name = inside.parts[-1]
            if plan.operation == "read":
                raw = read_part(folder, name, limits.output + 1)
                text = raw[: limits.output].decode("utf-8", "replace")
                return ToolResult(text, truncated=len(raw) > limits.output)
            undo = _way_back(folder, name, plan)
            match plan.operation:
                case "append":
                    _append(folder, name, content.encode())
                case "write":
                    _replace(folder, name, content.encode())
                case _:
                    before = read_part(folder, name, EDIT_BYTES + 1)
                    _replace(folder, name, _edited(before, old.encode(), content.encode(), plan))
    except OSError as error:
        raise refusal(plan.path, f"cannot be used ({error.strerror})") from None
    return ToolResult(f"{plan.operation} done: {inside}", undo=undo)


def _way_back(folder: int, name: str, plan: FilePlan) -> Undo | None:
    """Return the call that writes back what stands there now, where that is a text of moderate length."""
    try:
        before = read_part(folder, name, UNDO_BYTES + 1)
        text = before.decode()
    except (OSError, UnicodeDecodeError):
        return None
    return Undo("write", {"path": plan.path, "content": text}) if len(before) <= UNDO_BYTES else None


def _append(folder: int, name: str, content: bytes) -> None:
    with os.fdopen(open_file(folder, name, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "ab") as file:
        file.write(content)


def _replace(folder: int, name: str, content: bytes) -> None:
    """Write a new file beside the old one and rename it over; permissions stay."""
    mode = None
    with suppress(FileNotFoundError):
        handle = open_file(folder, name, os.O_RDONLY)
        mode = stat.S_IMODE(os.fstat(handle).st_mode)
        os.close(handle)
    fresh = f".{secrets.token_hex(8)}.new"
    try:
        with os.fdopen(open_file(folder, fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
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
        raise refusal(plan.path, f"is larger than {EDIT_BYTES} bytes")
    found = before.count(old) if old else 0
    if found != 1:
        raise refusal(plan.path, f"holds the old text {found} times, not once", "quote more of its surroundings")
    return before.replace(old, new)
