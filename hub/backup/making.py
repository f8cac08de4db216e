"""Making a backup, also of a hub that is serving: the tables are those of one moment."""

from __future__ import annotations

import asyncio
import os
import tarfile
import tempfile
from pathlib import Path
from typing import IO, cast

from hub.backup.archive import REPOSITORY, Manifest, Writer, key_files, line_of
from hub.context import Context
from hub.store import snapshot
from safety_core.errors import InputError


async def make(context: Context, file: Path, *, with_keys: bool) -> Manifest:
    """Write a backup to `file`, which must not be there yet. It appears whole, or not at all.

    Raises:
        InputError: the file is there, or cannot be written.
    """
    part = file.with_name(f".{file.name}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:", format=tarfile.PAX_FORMAT) as tar:
                manifest = await _written(context, Writer(tar), file.parent, with_keys=with_keys)
            raw.flush()
            await asyncio.to_thread(os.fsync, raw.fileno())
        os.link(part, file)  # fails where somebody else was first
    except FileExistsError as error:
        raise InputError(str(file), "is there", "choose another name: a backup overwrites nothing") from error
    except OSError as error:
        raise InputError(str(file), f"cannot be written ({error.strerror})", "choose another place") from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


async def _written(context: Context, writer: Writer, folder: Path, *, with_keys: bool) -> Manifest:
    async with context.database.moment() as connection:
        revision, columns = await snapshot.revision_of(connection), snapshot.columns()
        for name in columns:
            with tempfile.TemporaryFile(dir=folder) as table:
                async for row in snapshot.rows_of(connection, name):
                    table.write(line_of(row))
                _add(writer, f"tables/{name}.jsonl", cast("IO[bytes]", table))
    data = context.settings.data
    await asyncio.to_thread(_add_repositories, writer, data)
    for path in key_files(data / "keys") if with_keys else ():
        _add_file(writer, f"keys/{path.name}", path)
    return writer.finish(context.clock(), revision, columns)


def _add_repositories(writer: Writer, data: Path) -> None:
    """Add what is published: after the tables, so that what these speak of is there."""
    for path in sorted((data / "repositories").rglob("*")):
        name = path.relative_to(data).as_posix()
        if REPOSITORY.fullmatch(name) and path.is_file():
            _add_file(writer, name, path)


def _add_file(writer: Writer, name: str, path: Path) -> None:
    with path.open("rb") as content:
        _add(writer, name, content)


def _add(writer: Writer, name: str, content: IO[bytes]) -> None:
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    writer.add(name, content, size)
