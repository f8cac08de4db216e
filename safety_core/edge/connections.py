"""The services that the operator has connected, with the operations that were pinned for them.

<home>/connections/NAME.json, 0600: what `safety connection pin NAME` kept. Without it, or with one that was made for
another target, a connection that describes its own operations has none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from safety_core.canonical import canonical_bytes
from safety_core.edge.files import replace_file
from safety_core.edge.home import Home
from safety_core.errors import InputError
from safety_core.model.connection import Connection, Connections
from safety_core.wire.connections import pinned, pins_json

PINS_BYTES: Final = 1024 * 1024
"""Of one connection: hundreds of operations. The edge holds them all, and has 160 MiB for everything."""

_log = logging.getLogger(__name__)


class Connected(Mapping[str, Connection]):
    """The connections of the settings. `reload` reads what is pinned now."""

    def __init__(self, home: Home, settings: Connections) -> None:
        self._home = home
        self._settings = settings
        self._now: Connections = settings
        self.reload()

    def reload(self) -> None:
        """Read the pins anew. Those that cannot be read count for nothing; the log says why."""
        found = {}
        for name, connection in self._settings.items():
            found[name] = connection
            try:
                found[name] = with_pins(self._home, connection)
            except InputError as error:
                _log.warning("%s", error)
        self._now = found

    def __getitem__(self, name: str) -> Connection:
        return self._now[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)


def pins_path(home: Home, name: str) -> Path:
    """Return where the pins of a connection are."""
    return home.connections / f"{name}.json"


def with_pins(home: Home, connection: Connection) -> Connection:
    """Return the connection with the operations that are pinned for it, or as it is where there are none.

    Raises:
        InputError: its pins cannot be read, or are those of another target.
    """
    path = pins_path(home, connection.name)
    try:
        with path.open("rb") as file:
            raw = file.read(PINS_BYTES + 1)
    except FileNotFoundError:
        return connection
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})") from error
    if len(raw) > PINS_BYTES:
        raise InputError(str(path), f"is larger than {PINS_BYTES} bytes")
    return pinned(connection, raw)


def keep_pins(home: Home, connection: Connection) -> None:
    """Keep the connection's operations as its pins.

    Raises:
        InputError: they are larger than pins may be.
        UnavailableError: the disk does not take them.
    """
    raw = canonical_bytes(pins_json(connection))
    if len(raw) > PINS_BYTES:
        fix = "pin those that agents need: --only OPERATION"
        raise InputError(f"connection {connection.name}", f"describes more than {PINS_BYTES} bytes of operations", fix)
    replace_file(pins_path(home, connection.name), raw)
