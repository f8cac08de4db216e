"""Each engine once per process; every test starts without containers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators import containers
from tests.simulators.containers import ContainerEngine
from tests.simulators.docker_calls import DockerCalls


@pytest.fixture(scope="session", params=["podman", "docker"])
def running_engine(request: pytest.FixtureRequest) -> Iterator[ContainerEngine]:
    with getattr(containers, request.param)() as made:
        yield made


@pytest.fixture
def box(running_engine: ContainerEngine) -> Iterator[ContainerEngine]:
    yield running_engine
    running_engine.wipe()


@pytest.fixture
def calls(box: ContainerEngine) -> DockerCalls:
    return DockerCalls(box.socket)
