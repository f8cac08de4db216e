"""What holds for every test: hypothesis without wall-clock deadlines, since the machines that run this are shared, and
a home of its own, so that nothing is read from or written to that of whoever runs this."""

import gc
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

import safety_core

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


ROOT = Path(__file__).parent
CORE = (ROOT / "safety_core", ROOT / "properties")
"""Whose tests alone count for the coverage of the pure core: what is covered only because a service ran over it has no
test of its own, and being measured slows everything by a third."""
NOT_CORE = (ROOT / "safety_core" / "edge", ROOT / "safety_core" / "cli")


def pytest_configure() -> None:
    """Import the whole core first: a test that is not measured must not be the one that imports a module."""
    for module in walk_packages(safety_core.__path__, "safety_core."):
        if not module.name.startswith(("safety_core.edge", "safety_core.cli")):
            import_module(module.name)


LONG = ("e2e/openclaw", "soak", "deploy", "demo_pool", "e2e", "docs", "hub/browser", "fuzz", "tools", "bench")
"""Folders whose modules take long, the longest first: a worker that begins one last leaves the others without work."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, and measure coverage only while tests of the core run."""
    long = [ROOT / folder for folder in LONG]

    def place(item: pytest.Item) -> int:
        return next((number for number, folder in enumerate(long) if item.path.is_relative_to(folder)), len(long))

    items.sort(key=place)
    for item in items:
        inside = any(item.path.is_relative_to(folder) for folder in CORE)
        if not inside or any(item.path.is_relative_to(folder) for folder in NOT_CORE):
            item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """Take what was collected, tens of thousands of tests, out of the garbage collector's sight."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_memory_given_back() -> Iterator[None]:
    """An edge inside of the test process would collect the garbage of all tests at each policy, for a second. Edges
    that are processes of their own do it as they do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("proxy.force.give_back", lambda: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def safety_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the edge while tests run; a test that needs an empty one sets another."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home") / "safety"
        patch.setenv("SAFETY_HOME", str(home))
        yield home
