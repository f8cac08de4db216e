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
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

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
    """One walk through what the user named. `skipped` and `refused` are complete once `targets` is exhausted."""

    def __init__(self, excluded: Sequence[str] = ()) -> None:
        self.skipped: Counter[str] = Counter()
        self.refused: list[Refused] = []
        self.folders = False
        self._excluded = excluded
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
                self.refused.append(Refused(shown_path(path), _reason(error)))
                continue
            if stat.S_ISDIR(status.st_mode):
                self.folders = True
                yield from self._folder(path)
            else:
                yield from self._file(path, status.st_size, named=True)

    def _file(self, path: Path, size: int, *, named: bool) -> Iterator[Target]:
        shown = shown_path(path)
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
                self.refused.append(Refused(shown_path(folder), _reason(error)))
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
        if entry.is_dir(follow_symlinks=False):
            reason = next((reason for reason, names in FOLDERS.items() if entry.name in names), "")
            return reason or ("excluded" if self._is_excluded(shown_path(path)) else "")
        return "" if entry.is_file(follow_symlinks=False) else "not a regular file"

    def _is_excluded(self, shown: str) -> bool:
        return any(matches(shown, glob) for glob in self._excluded)


def matches(path: str, glob: str) -> bool:
    """Say whether a glob speaks of a path: of the whole of it, of a folder above it, or, without a slash, of any name.

    `*` and `**` stand for anything, slashes too.
    """
    parts = path.split("/")
    wanted = glob.removeprefix("./").rstrip("/")
    if "/" not in wanted:
        return any(fnmatchcase(part, wanted) for part in parts)
    heads = ["/".join(parts[: size + 1]) for size in range(len(parts))]
    return any(fnmatchcase(head, form) for head in heads for form in (wanted, wanted.removeprefix("**/")))


def shown_path(path: Path) -> str:
    """Return a path as reports and fingerprints have it: below the working directory relative to it, else absolute."""
    whole = os.path.normpath(Path.cwd() / path)
    here = str(Path.cwd())
    shown = os.path.relpath(whole, here) if whole == here or whole.startswith(here.rstrip("/") + "/") else whole
    return shown.replace(os.sep, "/")


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:  # gone meanwhile: reading it says so
        return 0


def _reason(error: OSError) -> str:
    return f"cannot be read ({error.strerror})"
