"""Each engine once per process; every test starts with an empty table `notes`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.simulators import databases
from tests.simulators.databases import Database

ENGINES = ("postgresql", "mariadb", "sqlite")
SERVERS = ENGINES[:2]


class Started:
    """Starts a database when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._found: dict[str, Database] = {}

    def of(self, name: str) -> Database:
        if name not in self._found:
            self._found[name] = self._stack.enter_context(getattr(databases, name)())
        return self._found[name]


@pytest.fixture(scope="session")
def started() -> Iterator[Started]:
    with ExitStack() as stack:
        yield Started(stack)


@pytest.fixture(params=ENGINES)
def database(started: Started, request: pytest.FixtureRequest) -> Database:
    return clean(started, request.param)


@pytest.fixture(params=SERVERS)
def server(started: Started, request: pytest.FixtureRequest) -> Database:
    return clean(started, request.param)


def clean(started: Started, name: str) -> Database:
    found = started.of(name)
    found.wipe()
    return found
