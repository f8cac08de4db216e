"""A hub of the bench's, on SQLite or on a real PostgreSQL that writes to its disk."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.simulators.hub_process import HubProcess
from tests.simulators.postgres import binaries, private_cluster

DATABASES: Final = ("SQLite", "PostgreSQL")


@contextmanager
def on(database: str) -> Generator[HubProcess, None, None]:
    """Give a hub that is not yet prepared, on one of `DATABASES`; whatever happens, it has ended after the block."""
    with tempfile.TemporaryDirectory(prefix="hub") as name:
        folder = Path(name)
        if database == "SQLite":
            yield from _ended_after(HubProcess(folder / "hub", f"sqlite:///{folder / 'hub' / 'hub.db'}"))
            return
        with private_cluster(binaries(), durable=True) as cluster:
            yield from _ended_after(HubProcess(folder / "hub", cluster.create("hub")))


def _ended_after(hub: HubProcess) -> Generator[HubProcess, None, None]:
    try:
        yield hub
    finally:
        hub.stop()
