"""What holds for every test: hypothesis without wall-clock deadlines, since the machines that run this are shared, and
a home of its own, so that nothing is read from or written to that of whoever runs this."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


OPENCLAW = "tests/e2e/openclaw"
"""A folder whose modules share one gateway, one after another."""


class OneGateway(LoadFileScheduling):  # type: ignore[misc]
    """A module is run by one worker, and so is that folder."""

    def _split_scope(self, nodeid: str) -> str:
        return OPENCLAW if nodeid.startswith(f"{OPENCLAW}/") else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Tell xdist, where it was asked to keep modules together (`--dist loadfile`)."""
    return OneGateway(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def safety_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the edge while tests run; a test that needs an empty one sets another."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home") / "safety"
        patch.setenv("SAFETY_HOME", str(home))
        yield home
