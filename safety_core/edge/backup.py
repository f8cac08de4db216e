"""Copies of what the edge keeps, made while it runs, on its own disk: secrets stay sealed and leave nowhere.

    backups/20270115T080000Z/    0700
        vault.db audit.db edge.db runs.db    each as of one moment, by SQLite's own backup
        audit.checkpoint bundles/ connections/    as they are
        manifest.json            {"at", "files": {name: {"size", "sha256"}}, "signature"}; what has none is no backup

The keys are not in it: without `keys/vault.key`, or the passphrase, nobody reads a secret from it. Keep them elsewhere.
A folder gets its name once every file of it is on the disk and every database has been read through.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from safety_core.canonical import Json, canonical_bytes
from safety_core.edge.audit_rows import checkpoint_file
from safety_core.edge.backup_seal import sealed
from safety_core.edge.files import replace_file
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key
from safety_core.errors import SafetyError, UnavailableError
from safety_core.wire.activity import BackupTold

KEPT: Final = 7
"""The newest backups that stay, and of how many days before the last one does: a week of daily ones, however many are
ordered in an hour."""

SPARE: Final = 64 * 1024 * 1024
"""Bytes that a backup leaves free: an edge whose disk is full refuses every call."""

MANIFEST: Final = "manifest.json"
_NEW: Final = ".new-"
_DAY: Final = len("20270115")
_CHUNK: Final = 1024 * 1024


class Backups:
    """The backups of one edge. Everything here reads and writes disks: call it on a thread."""

    def __init__(self, home: Home) -> None:
        self._home = home

    @property
    def folder(self) -> Path:
        """Return where they lie."""
        return self._home.backups

    def make(self, now: float) -> BackupTold:
        """Make one, and remove those of which `KEPT` keeps none.

        Raises:
            UnavailableError: there is not enough room, or a file cannot be read or written.
            SecretError: so the edge's key.
        """
        name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        draft = self.folder / f"{_NEW}{name}-{os.getpid()}"
        try:
            self._demand_room()
            _make_folder(draft)
            for source in self._databases():
                _copy_database(source, draft / source.name)
            for source in self._plain_files():
                copy_file(source, draft / source.relative_to(self._home.path))
            files = {path: _told(draft / path) for path in _files(draft)}
            told: dict[str, Json] = {path: {"size": size, "sha256": digest} for path, (size, digest) in files.items()}
            manifest = sealed({"at": int(now), "files": told}, edge_key(self._home))
            replace_file(draft / MANIFEST, canonical_bytes(manifest))
            _take_place(draft, self.folder / name)
        except (OSError, sqlite3.Error) as error:
            raise UnavailableError("backup", f"could not be made ({_named(error)})", "look at the disk") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        for old in _superfluous(self.listed()):
            shutil.rmtree(old, ignore_errors=True)
        return BackupTold(int(now), sum(size for size, _ in files.values()), ok=True)

    def listed(self) -> tuple[Path, ...]:
        """Return the folders of all backups, the oldest first."""
        return tuple(sorted(path.parent for path in self.folder.glob(f"[0-9]*/{MANIFEST}")))

    def latest(self) -> BackupTold | None:
        """Return the newest one; not `ok` where its files are not those of the manifest by their sizes."""
        folders = self.listed()
        if not folders:
            return None
        try:
            at, files = manifest_of(folders[-1])
            sizes = {name: (folders[-1] / name).stat().st_size for name in files}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return BackupTold(0, 0, ok=False)
        return BackupTold(at, sum(sizes.values()), ok=all(sizes[name] == files[name]["size"] for name in files))

    def damage(self, folder: Path) -> tuple[str, ...]:
        """Return the files of a backup that are missing or not what they were. Raises SafetyError: it is no backup."""
        try:
            _, files = manifest_of(folder)
            return tuple(name for name, told in files.items() if not _same(folder / name, told))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SafetyError(str(folder), "has no manifest that can be read", "take another backup") from error

    def _databases(self) -> Iterator[Path]:
        kept = (self._home.vault, self._home.audit, self._home.edge_db, self._home.runs)
        yield from (path for path in kept if path.exists())

    def _plain_files(self) -> Iterator[Path]:
        note = checkpoint_file(self._home.audit)
        yield from ([note] if note.exists() else [])
        for folder in (self._home.bundle_dir, self._home.connections):
            yield from sorted(path for path in folder.rglob("*") if path.is_file())

    def _demand_room(self) -> None:
        needed = sum(path.stat().st_size for path in (*self._databases(), *self._plain_files()))
        free = shutil.disk_usage(self._home.path).free
        if free < needed + SPARE:
            reason = f"needs {needed + SPARE} bytes of disk, and there are {free}"
            raise UnavailableError("backup", reason, f"make room at {self._home.path}")


def _superfluous(folders: Sequence[Path]) -> list[Path]:
    """Return those that nobody needs, of all, the oldest first."""
    days = {folder.name[:_DAY]: folder for folder in folders}
    kept = {*folders[-KEPT:], *sorted(days.values())[-KEPT:]}
    return [folder for folder in folders if folder not in kept]


def _copy_database(source: Path, target: Path) -> None:
    """Copy it as of one moment, whoever writes meanwhile, and read the copy through."""
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.execute("PRAGMA cache_size = -512")
        read.backup(written)
        written.execute("PRAGMA journal_mode = DELETE").fetchall()
        if written.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError(f"{source.name} is damaged")
    sync(target)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file to where none is, durably, for its owner alone. Raises OSError."""
    _make_folder(target.parent)
    target.touch(mode=0o600, exist_ok=False)
    with source.open("rb") as read, target.open("wb") as written:
        shutil.copyfileobj(read, written, _CHUNK)
    sync(target)


def _make_folder(path: Path) -> None:
    """Make it and what is missing above it, for its owner alone."""
    if not path.exists():
        _make_folder(path.parent)
        path.mkdir(mode=0o700)


def _take_place(draft: Path, target: Path) -> None:
    if target.exists():  # of the same second
        shutil.rmtree(target)
    draft.rename(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _told(path: Path) -> tuple[int, str]:
    """Return the size of a file and its sha256."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            digest.update(part)
    return path.stat().st_size, digest.hexdigest()


def _same(path: Path, told: dict[str, Any]) -> bool:
    return path.is_file() and _told(path) == (told["size"], told["sha256"])


def manifest_of(folder: Path) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return when a backup was made, and what is told of each file. Raises OSError, ValueError, KeyError, TypeError."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    return int(manifest["at"]), dict(manifest["files"].items())


def _named(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or type(error).__name__
