"""Files and folders -> the files to look into, and how many were left out, and why.

In folders, what nobody wrote by hand is left out: the stores of version control, installed packages, caches. Links are
not followed there: what they lead to is scanned where it lies, and no circle of links has an end. A file that was named
is looked into whatever its name is, unless `--exclude` speaks of it.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.model.path_glob import any_of

FOLDERS: Final = {
    "version control": {".git", ".hg", ".svn", ".jj"},
    "installed packages": {"node_modules", "bower_components"},
    "cache": {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".tox", ".nox"},
}
"""Names of folders that are left out, by reason."""

VIRTUALENV: Final = "pyvenv.cfg"
"""The file that every virtual environment of Python has."""


STDIN: Final = Path("-")
"""Stands for standard input, as a plain text. (A file of this name has to be named with its folder's whole path.)"""


@dataclass(frozen=True, slots=True)
class Target:
    """A file to look into. `shown`: see `shown_path`. `size` in bytes; 0 for a pipe. `named`: by the user itself."""

    path: Path
    shown: str
    size: int
    named: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A file or folder that nobody could look into, with the reason."""

    path: str
    reason: str


class Walk:
    """One walk through what the user named. `skipped` and `refused` are complete once `targets` is exhausted.

    Args:
        excluded: globs of what is left out.
        base: the folder that paths are shown relative to; the working directory if None.
        ignored: paths, as they are shown, that version control ignores.
    """

    def __init__(
        self, excluded: Sequence[str] = (), base: Path | None = None, ignored: frozenset[str] = frozenset()
    ) -> None:
        self.skipped: Counter[str] = Counter()
        self.refused: list[Refused] = []
        self.folders = False
        self._excluded = any_of(excluded)
        self._base = base
        self._ignored = ignored
        self._seen: set[str] = set()

    def targets(self, named: Iterable[Path]) -> Iterator[Target]:
        """Yield every file once, folders in the order of their names."""
        for path in named:
            if path == STDIN:
                yield Target(path, "stdin", 0, named=True)
                continue
            try:
                status = path.stat()
            except OSError as error:
                self.refused.append(Refused(self._shown(path), _reason(error)))
                continue
            if stat.S_ISDIR(status.st_mode):
                self.folders = True
                yield from self._folder(path)
            else:
                yield from self._file(path, status.st_size, named=True)

    def _file(self, path: Path, size: int, *, named: bool) -> Iterator[Target]:
        shown = self._shown(path)
        if shown in self._seen:
            return
        self._seen.add(shown)
        if self._is_excluded(shown):
            self.skipped["excluded"] += 1
        else:
            yield Target(path, shown, size, named)

    def _folder(self, top: Path) -> Iterator[Target]:
        below = [top]
        while below:
            folder = below.pop()
            try:
                with os.scandir(folder) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                self.refused.append(Refused(self._shown(folder), _reason(error)))
                continue
            if folder != top and any(entry.name == VIRTUALENV for entry in entries):
                self.skipped["virtual environment"] += 1
                continue
            folders = []
            for entry in entries:
                path = Path(entry.path)
                if reason := self._left_out(entry, path):
                    self.skipped[reason] += 1
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                else:
                    yield from self._file(path, _size(entry), named=False)
            below += reversed(folders)

    def _left_out(self, entry: os.DirEntry[str], path: Path) -> str:
        """Return why this entry of a folder is left out, or nothing."""
        if entry.is_symlink():
            return "symbolic link"
        if self._ignored and self._shown(path) in self._ignored:
            return "ignored by git"
        if entry.is_dir(follow_symlinks=False):
            reason = next((reason for reason, names in FOLDERS.items() if entry.name in names), "")
            return reason or ("excluded" if self._is_excluded(self._shown(path)) else "")
        return "" if entry.is_file(follow_symlinks=False) else "not a regular file"

    def _is_excluded(self, shown: str) -> bool:
        return self._excluded.fullmatch(shown) is not None

    def _shown(self, path: Path) -> str:
        return shown_path(path, self._base)


def shown_path(path: Path, base: Path | None = None) -> str:
    """Return a path as reports and fingerprints have it: below `base` (else the working directory) relative to it, else
    absolute."""
    whole = os.path.normpath(Path.cwd() / path)
    here = os.path.normpath(Path.cwd() / base) if base else str(Path.cwd())
    shown = os.path.relpath(whole, here) if whole == here or whole.startswith(here.rstrip("/") + "/") else whole
    return shown.replace(os.sep, "/")


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:  # gone meanwhile: reading it says so
        return 0


def _reason(error: OSError) -> str:
    return f"cannot be read ({error.strerror})"
