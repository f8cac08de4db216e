"""Files that a person named, read or refused by name; files that are the old ones or the new ones, whenever the power
goes."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import cast

from safety_core.canonical import JsonObject
from safety_core.errors import InputError, UnavailableError


def read_input(path: Path) -> bytes:
    """Return a file that the user named, or raise InputError."""
    try:
        return path.read_bytes()
    except OSError as error:
        fix = "let this user read it" if isinstance(error, PermissionError) else "is the path right?"
        raise InputError(str(path), f"cannot be read ({error.strerror})", fix) from error


def read_toml(path: Path) -> JsonObject:
    """Return the settings in a TOML file that the user named, or raise InputError."""
    try:
        return cast("JsonObject", tomllib.loads(read_input(path).decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"is not TOML ({error})", "a [section] stands once, a text in quotes") from error


def replace_file(path: Path, raw: bytes, dress: Callable[[int], None] | None = None) -> None:
    """Put `raw` at `path`, atomically and durably, readable by this user only.

    Args:
        dress: given the new file's descriptor, sets another mode and owner before the file takes its place.

    Raises:
        UnavailableError: the disk does not take it; what was there before is still there.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
                file.flush()
                if dress is not None:
                    dress(file.fileno())
                os.fsync(file.fileno())
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise UnavailableError(str(path), f"cannot be written ({error.strerror})") from error


def sync_folder(folder: Path) -> None:
    """Wait until the disk has which names are in a folder. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
