"""What is left of a demo tenant that is over, however it ended: nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulators.demo_pool import Traces, listening, processes_in, running_pool, until


def test_an_expired_tenant_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "pool"
    with running_pool(data, tenants=1, warm=0, hours=0.008) as pool:
        before = listening(pool.process.pid)
        visitor = pool.visitor()
        visitor.start()
        traces = Traces(pool, visitor)
        visitor.do(words="marmalade is my word")
        assert "marmalade" in visitor.sees("I have read it")
        assert listening(pool.process.pid) == before

        until(lambda: visitor.get("/watch").status_code == 410)  # two hours are half a minute here
        until(lambda: traces.name not in pool.records)
        assert traces.left(data, "marmalade") == []
        assert visitor.client.get("/", headers={"Host": f"{traces.name}.localhost:{pool.port}"}).status_code == 410


def test_a_pool_that_is_killed_takes_its_tenants_with_it_and_the_next_clears_what_it_left(tmp_path: Path) -> None:
    data = tmp_path / "pool"
    with running_pool(data, tenants=1, warm=0) as pool:
        visitor = pool.visitor()
        visitor.start()
        traces = Traces(pool, visitor)
        visitor.do(words="marmalade again")
        pool.kill()
        until(lambda: not any(processes_in(kind, space) for kind, space in traces.spaces.items()), 30)
        assert [path.name for path in (data / "tenants").iterdir()] == [f"{traces.name}.json"]
    with running_pool(data, tenants=1, warm=0) as again:
        assert again.ready["cleared"] == 1
        assert traces.left(data, "marmalade") == []


def test_a_pool_that_is_told_to_stop_leaves_nothing_even_of_a_tenant_that_is_starting(tmp_path: Path) -> None:
    data = tmp_path / "pool"
    with running_pool(data, tenants=1, warm=1) as pool:
        until(lambda: bool(pool.records))
        groups = [Path(folder) for record in pool.records.values() for folder in record["groups"]]
    assert sorted(path.name for path in data.iterdir()) == ["lock", "root", "snapshot", "tenants"]
    assert [*(data / "tenants").iterdir(), *(data / "root").iterdir()] == []
    assert not [folder for folder in groups if folder.exists()]


def test_two_pools_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        running_pool(tmp_path / "pool", warm=0),
        pytest.raises(AssertionError, match=r"is another pool's. Fix: end that one"),
        running_pool(tmp_path / "pool", warm=0),
    ):
        pass
