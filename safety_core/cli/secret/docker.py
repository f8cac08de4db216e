"""A folder of Docker secrets, as they are mounted into a container: a file each, its name the secret's."""

from __future__ import annotations

from pathlib import Path

from safety_core.cli.secret.entries import VALUE_LIMIT, Entries, text_of
from safety_core.errors import InputError


def read_docker(entries: Entries, folder: Path) -> None:
    """Take up every file of the folder; one line end is left out. Raises InputError: it cannot be read."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise InputError(str(folder), f"cannot be read ({error.strerror})") from error
    for path in files:
        try:
            with path.open("rb") as file:
                text = text_of(file.read(VALUE_LIMIT + 1), str(path))
        except OSError as error:
            entries.refused.append(InputError(str(path), f"cannot be read ({error.strerror})"))
        except InputError as error:
            entries.refused.append(error)
        else:
            entries.add(str(path), path.name, text.removesuffix("\n").removesuffix("\r"))
