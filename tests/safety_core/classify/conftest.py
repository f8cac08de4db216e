"""One engine with the shipped policy for all tests of classification."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators.judging import Judging


@pytest.fixture(scope="session")
def judging() -> Iterator[Judging]:
    """Judge by the shipped policy."""
    ready = Judging()
    yield ready
    ready.close()
