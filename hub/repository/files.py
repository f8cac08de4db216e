"""Each tenant's repository of signed policy as files: immutable but for `timestamp.json`, which is put in place last.

    <folder>/<tenant>/root/<n>.json  snapshot/<n>.json  targets/<n>.json  bundles/<sha256>.tar.gz  timestamp.json

The hub holds none of the keys that sign these files. What it checks keeps mistakes out; trust is each edge's.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.errors import ConflictError
from hub.repository.publication import NAME, TIMESTAMP, version_in
from safety_core.bundle.roles import in_order
from safety_core.edge.files import replace_file
from safety_core.errors import InputError, RollbackError, UnavailableError
from safety_core.model.tool_call import TenantId
from safety_core.wire.signed import TENANT

HUB_REPOSITORY: Final = "hub repository"
"""Names the hub's own disk in errors."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file and the strong validator of its content."""

    raw: bytes
    etag: str


class Repositories:
    """All tenants' repositories below one folder. Blocking: callers run it in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, tenant: TenantId, name: str) -> StoredFile | None:
        """Return a file, or None if there is none (or could not be, by its name)."""
        if not NAME.fullmatch(name):
            return None
        try:
            raw = (self._folder / tenant / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnavailableError(HUB_REPOSITORY, f"cannot be read ({error.strerror})") from error
        return StoredFile(raw, f'"{hashlib.sha256(raw).hexdigest()}"')

    def path(self, tenant: TenantId, name: str) -> Path:
        """Return where a file lies, if it is there. Raises InputError for a name that is none of a repository."""
        if not NAME.fullmatch(name) or not TENANT.fullmatch(tenant):
            raise InputError("repository", "has no file of this name")
        return self._folder / tenant / name

    def stamp(self, tenant: TenantId, name: str) -> tuple[int, ...] | None:
        """Return what tells one content of a file from the next: each is a new file. None if it is not there."""
        try:
            found = (self._folder / tenant / name).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def versions(self, tenant: TenantId, role: str) -> tuple[int, ...]:
        """Return the versions of a role's documents that are there, in no order."""
        try:
            names = [f"{role}/{path.name}" for path in (self._folder / tenant / role).iterdir()]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise UnavailableError(HUB_REPOSITORY, f"cannot be read ({error.strerror})") from error
        return tuple(int(name[len(role) + 1 : -len(".json")]) for name in names if NAME.fullmatch(name))

    def check(self, tenant: TenantId, files: Mapping[str, bytes]) -> None:
        """Raise what `put` would raise now."""
        try:
            self._check(self._folder / tenant, files)
        except OSError as error:
            raise UnavailableError(HUB_REPOSITORY, f"cannot be read ({error.strerror})") from error

    def put(self, tenant: TenantId, files: Mapping[str, bytes]) -> int:
        """Put files in place, each atomically and durably, `timestamp.json` last. Returns how many were new.

        Raises:
            ConflictError: a file that is there has other content (published files never change).
            RollbackError: the timestamp is older than the one that is there.
        """
        try:
            with self._locked(tenant) as home:
                self._check(home, files)
                return sum(_place(home / name, files[name]) for name in in_order(files))
        except OSError as error:
            raise UnavailableError(HUB_REPOSITORY, f"cannot be written ({error.strerror})") from error

    @contextmanager
    def _locked(self, tenant: TenantId) -> Iterator[Path]:
        """One publication at a time for each tenant, across threads and processes."""
        home = self._folder / tenant
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield home
        finally:
            os.close(handle)

    def _check(self, home: Path, files: Mapping[str, bytes]) -> None:
        for name, raw in files.items():
            there = home / name
            if not there.exists():
                continue
            if name != TIMESTAMP and there.read_bytes() != raw:
                raise ConflictError(name, "is already published with other content", "publish under the next version")
            if name == TIMESTAMP:
                _check_newer(raw, there.read_bytes())


def _check_newer(raw: bytes, known: bytes) -> None:
    """Refuse what every edge would refuse: an older timestamp, or another one of the same version."""
    new, old = version_in(TIMESTAMP, raw), version_in(TIMESTAMP, known)
    if new < old:
        raise RollbackError(TIMESTAMP, "is older than the one that is published", "build and sign a newer one")
    if new == old and raw != known:
        raise ConflictError(TIMESTAMP, "is already published with other content", "build and sign a newer one")


def _place(path: Path, raw: bytes) -> bool:
    if path.exists() and path.read_bytes() == raw:
        return False
    replace_file(path, raw)
    return True
