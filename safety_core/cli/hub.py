"""What the commands that speak to a hub share: where it is, and as whom.

Tokens come from a file or the environment, never from a command line that others can see.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from safety_core.edge.files import read_input
from safety_core.errors import InputError

F = TypeVar("F", bound=Callable[..., Any])


def hub_option(command: F) -> F:
    """Add `--hub`, which must be given."""
    return click.option("--hub", envvar="SAFETY_HUB", required=True, help="The hub's URL; or set SAFETY_HUB.")(command)


def token_option(variable: str, maker: str) -> Callable[[F], F]:
    """Add `--token-file` for the token that `maker` makes; `read_token` takes it from there or from `variable`."""
    return click.option(
        "--token-file",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar=f"{variable}_FILE",
        help=f"The token of `{maker}`; or set {variable} or {variable}_FILE.",
    )


def read_token(file: Path | None, variable: str) -> str:
    """Return the token in `file`, else in the environment variable.

    Raises:
        InputError: there is none, or the file cannot be read.
    """
    if file is None:
        found = os.environ.get(variable, "").strip()
    else:
        try:
            found = read_input(file).decode("ascii").strip()
        except UnicodeDecodeError as error:
            raise InputError(str(file), "holds no token", "name the file that the hub's answer was kept in") from error
    if not found:
        raise InputError("token", "is not given", f"put it into a file and give --token-file, or set {variable}")
    return found
