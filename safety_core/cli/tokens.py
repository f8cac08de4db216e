"""Tokens come from a file or the environment, never from a command line that others can see."""

from __future__ import annotations

import os
from pathlib import Path

from safety_core.errors import InputError


def read_token(file: Path | None, variable: str) -> str:
    """Return the token in `file`, else in the environment variable.

    Raises:
        InputError: there is none, or the file cannot be read.
    """
    if file is None:
        found = os.environ.get(variable, "").strip()
    else:
        try:
            found = file.read_text("ascii").strip()
        except OSError as error:
            raise InputError(str(file), f"cannot be read ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise InputError(str(file), "holds no token") from error
    if not found:
        raise InputError("token", "is not given", f"put it into a file and give --token-file, or set {variable}")
    return found
