"""Each test runs against a hub on SQLite and on PostgreSQL, where there is one."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.simulators.hub import RunningHub, migrated, running_hub
from tests.simulators.postgres import Cluster, binaries, private_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with private_cluster(binaries()) as running:
        yield running


@pytest.fixture(scope="session")
def newest(cluster: Cluster) -> str:
    """The name of an empty database of the newest schema, to be copied: migrations take most of a hub's start."""
    migrated(cluster.create("newest"))
    return "newest"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.create(f"t{secrets.token_hex(8)}", request.getfixturevalue("newest"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.create(f"t{secrets.token_hex(8)}")


@pytest.fixture
async def hub(database_url: str, tmp_path: Path) -> AsyncIterator[RunningHub]:
    async with running_hub(tmp_path / "hub", database_url, max_pending=5) as running:
        yield running


@pytest.fixture
async def small_hub(tmp_path: Path) -> AsyncIterator[RunningHub]:
    """A hub on SQLite alone, for what no database makes different."""
    async with running_hub(tmp_path / "hub", max_pending=5) as running:
        yield running
