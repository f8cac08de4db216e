"""Whatever is refused or breaks off: nothing in the forward proxy fails by accident."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_accidents(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail where something was logged that nobody had thought of."""
    yield
    accidents = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not [record.getMessage() for record in accidents]
