"""What holds for every test: hypothesis without wall-clock deadlines, since the machines that run this are shared, and
a home of its own, so that nothing is read from or written to that of whoever runs this."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.fixture(scope="session", autouse=True)
def safety_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the edge while tests run; a test that needs an empty one sets another."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home") / "safety"
        patch.setenv("SAFETY_HOME", str(home))
        yield home
