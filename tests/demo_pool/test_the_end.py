"""What is left of a demo tenant that is over, however it ended: nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulators.demo_pool import Inside, RunningPool, Visitor, processes_in, running_pool, until

SPACES = ("pid", "net", "mnt", "ipc", "cgroup")


class Traces:
    """What there is of a tenant while it lives, to be looked for afterwards."""

    def __init__(self, pool: RunningPool, visitor: Visitor) -> None:
        self.name = visitor.name
        record = pool.records[self.name]
        inside = Inside.of(record)
        self.spaces = {kind: inside.namespace(kind) for kind in SPACES}
        self.processes = {*processes_in("pid", self.spaces["pid"]), record["process"]}
        self.groups = [Path(folder) for folder in record["groups"]]
        self.uid = inside.uid
        assert len(self.processes) > 4  # its first, stage, hub, edge, the policy worker
        assert all(folder.is_dir() for folder in self.groups)

    def left(self, data: Path, *texts: str) -> list[str]:
        """Return all that is still there."""
        found = [
            f"{kind} namespace: {held}" for kind, space in self.spaces.items() if (held := processes_in(kind, space))
        ]
        found += [f"process {number}" for number in self.processes if Path(f"/proc/{number}").exists()]
        found += [str(folder) for folder in self.groups if folder.exists()]
        for place in (data, Path("/dev/shm"), Path("/run")):
            for path in place.rglob("*"):
                if self.name in path.name or path.lstat().st_uid == self.uid:
                    found.append(str(path))
                elif path.is_file() and place == data:
                    found += [f"{text} in {path}" for text in (self.name, *texts) if text.encode() in path.read_bytes()]
        found += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if self.name in line]
        sockets = Path("/proc/net/unix").read_text() + Path("/proc/net/tcp").read_text()
        return found + ([self.name] if self.name in sockets else [])


def listening(process: int) -> set[str]:
    """Return the sockets by which a process listens."""
    own = {str(path.readlink()) for path in Path(f"/proc/{process}/fd").iterdir() if path.is_symlink()}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own}


def test_an_expired_tenant_leaves_nothing_and_neither_does_one_whose_pool_was_killed(tmp_path: Path) -> None:
    data = tmp_path / "pool"
    with running_pool(data, tenants=1, warm=1, hours=0.004, per_address=5) as pool:
        before = listening(pool.process.pid)
        visitor = pool.visitor()
        visitor.start()
        traces = Traces(pool, visitor)
        visitor.do(words="marmalade is my word")
        assert "marmalade" in visitor.sees("I have read it")
        assert listening(pool.process.pid) == before

        until(lambda: visitor.get("/watch").status_code == 410)  # two hours are 14 seconds here
        until(lambda: traces.name not in pool.records)
        assert traces.left(data, "marmalade") == []
        assert visitor.client.get("/", headers={"Host": f"{traces.name}.localhost:{pool.port}"}).status_code == 410

        other = pool.visitor()
        other.start()
        traces = Traces(pool, other)
        other.do(words="marmalade again")
        pool.kill()
        until(lambda: not any(processes_in(kind, space) for kind, space in traces.spaces.items()), 30)
        assert [path.name for path in (data / "tenants").iterdir()] == [f"{traces.name}.json"]
    with running_pool(data, tenants=1, warm=0) as again:
        assert again.ready["cleared"] == 1
        assert traces.left(data, "marmalade") == []


def test_a_visitor_may_end_it_and_a_pool_that_is_told_to_stop_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "pool"
    with running_pool(data, tenants=2, warm=0) as pool:
        visitor = pool.visitor()
        visitor.start()
        traces = Traces(pool, visitor)
        assert visitor.post("/watch/end").status_code == 200
        until(lambda: traces.name not in pool.records)
        assert traces.left(data) == []
        pool.visitor().post("/start")  # is in the middle of its start when the pool stops
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
