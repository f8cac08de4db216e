"""One pool with two visitors for a whole module: a tenant takes a core for a quarter of a minute."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators.demo_pool import RunningPool, Visitor, running_pool


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPool]:
    with running_pool(tmp_path_factory.mktemp("pool") / "data", tenants=2, warm=2) as running:
        yield running


@pytest.fixture(scope="module")
def pair(pool: RunningPool) -> tuple[Visitor, Visitor]:
    """Two visitors, each with a tenant."""
    anna, bert = pool.visitor(), pool.visitor()
    anna.start()
    bert.start()
    return anna, bert
