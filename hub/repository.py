"""Each tenant's repository of signed policy as files: immutable but for `timestamp.json`, which is put in place last.

    <folder>/<tenant>/root/<n>.json  snapshot/<n>.json  targets/<n>.json  bundles/<sha256>.tar.gz  timestamp.json

The hub holds none of the keys that sign these files. What it checks keeps mistakes out; trust is each edge's.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.errors import ConflictError
from safety_core.bundle.roles import in_order
from safety_core.edge.files import replace_file
from safety_core.errors import InputError, LimitError, RollbackError, UnavailableError
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import BODY_LIMIT, Reader

TIMESTAMP: Final = "timestamp.json"
NAME: Final = re.compile(r"timestamp\.json|(root|snapshot|targets)/[1-9][0-9]{0,9}\.json|bundles/[0-9a-f]{64}\.tar\.gz")
FILES: Final = 100
"""Files in one publication: a bundle, four roles, and a long chain of rotated roots."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file and the strong validator of its content."""

    raw: bytes
    etag: str


def unpack(raw: bytes) -> dict[str, bytes]:
    """Return the files of a publication (a tar archive, not compressed), or raise InputError.

    Names are compared with the five shapes a repository knows; nothing is cleaned up.
    """
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
            for member in archive:
                if member.isdir():
                    continue
                content = archive.extractfile(member) if member.isreg() else None
                if content is None or not NAME.fullmatch(member.name) or member.name in found:
                    raise InputError("publication", f"holds {member.name!r}, which is no file of a repository")
                found[member.name] = content.read(BODY_LIMIT)
                if len(found) > FILES:
                    raise LimitError("publication", f"holds more than {FILES} files")
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise InputError("publication", "is not a tar archive", "use `safety policy publish`") from error
    for name, content_bytes in found.items():
        check_file(name, content_bytes)
    return found


def check_file(name: str, raw: bytes) -> None:
    """Raise InputError unless a bundle has the digest that names it, and metadata has the version that names it."""
    folder, _, rest = name.rpartition("/")
    stem = rest.partition(".")[0]
    if folder == "bundles":
        if hashlib.sha256(raw).hexdigest() != stem:
            raise InputError(name, "has another digest than its name says")
    elif folder and _version(name, raw) != int(stem):
        raise InputError(name, "has another version than its name says")


def _version(name: str, raw: bytes) -> int:
    return Reader.parse(raw, name).object("signed").integer("version", minimum=1)


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
            raise UnavailableError("hub repository", f"cannot be read ({error.strerror})") from error
        return StoredFile(raw, f'"{hashlib.sha256(raw).hexdigest()}"')

    def versions(self, tenant: TenantId, role: str) -> tuple[int, ...]:
        """Return the versions of a role's documents that are there, in no order."""
        try:
            names = [f"{role}/{path.name}" for path in (self._folder / tenant / role).iterdir()]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise UnavailableError("hub repository", f"cannot be read ({error.strerror})") from error
        return tuple(int(name[len(role) + 1 : -len(".json")]) for name in names if NAME.fullmatch(name))

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
            raise UnavailableError("hub repository", f"cannot be written ({error.strerror})") from error

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
            if name == TIMESTAMP and _version(name, raw) < _version(name, there.read_bytes()):
                raise RollbackError(name, "is older than the one that is published", "build and sign a newer one")


def _place(path: Path, raw: bytes) -> bool:
    if path.exists() and path.read_bytes() == raw:
        return False
    replace_file(path, raw)
    return True
