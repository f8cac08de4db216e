"""Which connections the edge's settings name, and where its folder is: the same file, the same variables."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from safety_core.edge.files import read_toml
from safety_core.edge.home import Home
from safety_core.errors import InputError
from safety_core.model.connection import Connection, Connections
from safety_core.wire.connections import connections_from
from safety_core.wire.reader import Reader, parse_json

F = TypeVar("F", bound=Callable[..., Any])

VARIABLE: Final = "SAFETY_EDGE_CONNECTIONS"
HOME_VARIABLE: Final = "SAFETY_EDGE_HOME"


@dataclass(frozen=True, slots=True)
class Connected:
    """The edge's folder, and what its settings connect."""

    home: Home
    connections: Connections

    def named(self, name: str) -> Connection:
        """Return one connection. Raises InputError: there is none of that name."""
        if name not in self.connections:
            known = ", ".join(self.connections) or "none"
            raise InputError(f"connection {name[:40]}", f"is not in the edge's settings ({known})", "add it there")
        return self.connections[name]


def settings_option(command: F) -> F:
    """Add `--config` and `--home`, which become `connected`."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    text = "The edge's settings, as of `safety edge`.  [default: $SAFETY_EDGE_CONFIG]"
    config = click.option("--config", type=kind, envvar="SAFETY_EDGE_CONFIG", help=text)
    folder = click.Path(file_okay=False, path_type=Path)
    home = click.option("--home", type=folder, help="The edge's folder.  [default: as the settings say]")
    return config(home(command))


def connected(config: Path | None, home: Path | None) -> Connected:
    """Return what the settings connect. Raises InputError: there are none, or they are wrong."""
    tree = read_toml(config) if config else {}
    if VARIABLE in os.environ:
        tree["connections"] = parse_json(os.environ[VARIABLE], VARIABLE)
    elif config is None:
        raise InputError("connections", "are named in the edge's settings", "name its file: --config FILE")
    said = os.environ.get(HOME_VARIABLE, tree.get("home"))
    folder = home or (Path(said) if isinstance(said, str) else None)
    section = tree.get("connections", {})
    place = Home(folder.absolute()) if folder else Home.default()
    return Connected(place.create(), connections_from(Reader(section, "connections")))
