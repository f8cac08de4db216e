"""Files that are either the old ones or the new ones, whenever the power goes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from safety_core.errors import UnavailableError


def replace_file(path: Path, raw: bytes) -> None:
    """Put `raw` at `path`, atomically and durably, readable by this user only.

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
                os.fsync(file.fileno())
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise UnavailableError(str(path), f"cannot be written ({error.strerror})") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
