"""The files of a folder in which others are at work: what goes away while it is looked at is not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def paths_in(folder: Path) -> Iterator[Path]:
    """Yield the path of everything below a folder."""
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))


def contents_of(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield (path, content) of each file below a folder, by name. Links are not followed."""
    for path in sorted(paths_in(folder)):
        with suppress(FileNotFoundError):
            if path.is_file() and not path.is_symlink():
                yield path, path.read_bytes()
