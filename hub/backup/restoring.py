"""Restoring a backup: verified whole, then all tables in one transaction, then the files."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

from alembic import command
from alembic.util import CommandError
from sqlalchemy import Connection

from hub.backup.archive import KEY, REPOSITORY, Manifest, rows_in, verified
from hub.migrations.migrate import config_for
from hub.settings import Settings
from hub.store import snapshot
from hub.store.engine import open_database
from safety_core.edge.files import replace_file
from safety_core.errors import InputError

_FORCE: Final = "restore into an empty one, or give --force, which removes what is there"


async def restore(settings: Settings, file: Path, *, force: bool = False) -> Manifest:
    """Put a backup in place of what is there: nothing, unless `force`. No hub may be serving meanwhile.

    Raises:
        InputError: the file is damaged or of a newer hub, or there is something that would be lost.
    """
    manifest = verified(file)
    _check_files(settings.data, manifest, force=force)
    database = open_database(settings.database_url)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        async with database.write() as connection:
            await connection.run_sync(partial(_tables, file=file, manifest=manifest, force=force))
    finally:
        await database.close()
    _files(settings.data, file, manifest)
    return manifest


def _check_files(data: Path, manifest: Manifest, *, force: bool) -> None:
    repositories = data / "repositories"
    if not force and repositories.is_dir() and any(repositories.iterdir()):
        raise InputError(str(repositories), "is not empty", _FORCE)
    keys = [name for name in manifest.digests if KEY.fullmatch(name)]
    if not force and any((data / name).exists() for name in keys):
        raise InputError(str(data / "keys"), "holds keys", _FORCE)


def _tables(connection: Connection, file: Path, manifest: Manifest, *, force: bool) -> None:
    if not force and (filled := snapshot.filled(connection)):
        raise InputError("database", f"is not empty ({filled[0]} holds rows)", _FORCE)
    snapshot.empty(connection)
    config = config_for(connection)
    try:
        command.upgrade(config, manifest.revision)
    except CommandError as error:
        raise InputError(str(file), "was made by a newer hub", "install that version, or a later one") from error
    with tarfile.open(file, "r:") as tar:
        snapshot.fill(connection, {name: (columns, _rows(tar, name)) for name, columns in manifest.columns.items()})
    command.upgrade(config, "head")


def _rows(tar: tarfile.TarFile, table: str) -> Iterator[Sequence[Any]]:
    content = tar.extractfile(f"tables/{table}.jsonl")
    if content is not None:
        yield from rows_in(content)


def _files(data: Path, file: Path, manifest: Manifest) -> None:
    """Put the files in place. The repositories as a whole: nothing that was published later stays among them."""
    shutil.rmtree(data / "repositories", ignore_errors=True)
    with tarfile.open(file, "r:") as tar:
        for name in manifest.digests:
            content = tar.extractfile(name)
            if content is not None and (REPOSITORY.fullmatch(name) or KEY.fullmatch(name)):
                _put(data, name, content)


def _put(data: Path, name: str, content: IO[bytes]) -> None:
    path = data / name
    for folder in reversed(path.relative_to(data).parents[:-1]):
        (data / folder).mkdir(mode=0o700, exist_ok=True)
    replace_file(path, content.read())
    path.chmod(0o600)
