"""Control groups: made, joined, counted and taken away; and found on machines of both kinds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from safety_core.edge.confine import group as module
from safety_core.edge.confine.group import Group, Parents, delegated

MIB = 1024 * 1024
JOIN = "import os, sys\nfor path in sys.argv[1:]: open(path, 'w').write('0')\n"

V1 = """\
3:pids:/service
2:cpu,memory:/box/inner
1:name=systemd:/
0::/elsewhere
"""
V1_MOUNTS = """\
30 25 0:26 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,cpu,memory
31 25 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
33 25 0:29 / /proc rw - proc proc rw
"""


def places(tmp_path: Path, groups: str, mounts: str) -> dict[str, Path]:
    (tmp_path / "groups").write_text(groups)
    (tmp_path / "mounts").write_text(mounts)
    return module._places(tmp_path / "groups", tmp_path / "mounts")


async def test_a_group_bounds_counts_and_goes_away() -> None:
    parents = module.find_parents()
    group = Group.create(64 * MIB, 8)
    assert len(group.folders()) == len({parents.memory, parents.pids} - {None})
    script = JOIN + "held = bytearray(256 * 1024 * 1024)"
    done = subprocess.run([sys.executable, "-c", script, *group.joins()], check=False, capture_output=True)  # noqa: ASYNC221
    if parents.memory:
        assert done.returncode < 0
        assert group.hits() == ("memory",)
    await group.end()
    assert not any(folder.exists() for folder in group.folders())
    await group.end()


async def test_ending_a_group_kills_what_is_in_it() -> None:
    group = Group.create(64 * MIB, 8)
    script = JOIN + "print('in', flush=True); import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script, *group.joins()], stdout=subprocess.PIPE) as process:  # noqa: ASYNC220
        assert process.stdout
        process.stdout.readline()
        if not group.folders():
            process.kill()
        await group.end()
        assert process.wait(10) != 0


async def test_where_there_can_be_none_nothing_is_made_and_nothing_said() -> None:
    group = Group.create(MIB, 1, Parents())
    assert (group.folders(), group.joins(), group.hits()) == ((), [], ())
    await group.end()


def test_a_group_that_cannot_be_bounded_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError("bounds")

    monkeypatch.setattr(Group, "_bound", refused)
    with pytest.raises(PermissionError, match="bounds"):
        Group.create(MIB, 1, Parents(tmp_path, tmp_path, unified=True))
    assert [*tmp_path.iterdir()] == []


async def test_bounds_of_the_second_version_are_written_as_its_documentation_says(tmp_path: Path) -> None:
    group = Group.create(64 * MIB, 8, Parents(tmp_path, tmp_path, unified=True))
    (folder,) = group.folders()
    written = {file.name: file.read_text() for file in folder.iterdir()}
    bounds = {"memory.max": str(64 * MIB), "memory.swap.max": "0", "memory.oom.group": "1", "pids.max": "10"}
    assert written == bounds
    (folder / "memory.events").write_text("low 0\nhigh 0\nmax 12\noom 1\noom_kill 2\noom_group_kill 1\n")
    (folder / "pids.events").write_text("max 3\n")
    assert group.hits() == ("memory", "processes")


def test_the_places_of_the_first_version_are_found(tmp_path: Path) -> None:
    found = places(tmp_path, V1, V1_MOUNTS)
    assert found["pids"] == Path("/sys/fs/cgroup/pids/service")
    assert found[""] == Path("/sys/fs/cgroup/unified/elsewhere")
    assert found["memory"] == Path("/sys/fs/cgroup/memory/box/inner")


def test_inside_of_a_container_a_mount_shows_a_part(tmp_path: Path) -> None:
    mounts = "30 25 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate\n"
    assert places(tmp_path, "0::/docker/abc/init\n", mounts) == {"": Path("/sys/fs/cgroup/init")}
    assert places(tmp_path, "0::/docker/abcdef\n", mounts) == {}
    assert places(tmp_path, "garbage", mounts) == {}


def test_a_group_that_is_delegated_hands_its_controllers_on(tmp_path: Path) -> None:
    own = tmp_path / "service"
    own.mkdir()
    (own / "cgroup.procs").write_text(f"{os.getpid()}\n")
    (tmp_path / "cgroup.subtree_control").write_text("cpu\n")
    assert delegated(own) is None
    os.setxattr(own, "user.delegate", b"1")
    assert delegated(own) == own
    assert (own / "edge/cgroup.procs").read_text() == str(os.getpid())
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_a_group_beside_is_used_where_the_one_above_has_bounds(tmp_path: Path) -> None:
    own = tmp_path / "edge"
    own.mkdir()
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids\n")
    assert delegated(own) == tmp_path


def test_groups_of_an_edge_that_was_killed_are_taken_away(tmp_path: Path) -> None:
    for name in ("safety-999999999-aa", f"safety-{os.getpid()}-bb", "other"):
        (tmp_path / name).mkdir()
    module._tidy(tmp_path)
    assert {folder.name for folder in tmp_path.iterdir()} == {f"safety-{os.getpid()}-bb", "other"}


def test_what_an_edge_that_was_killed_left_running_is_ended() -> None:
    parents = module.find_parents()
    folder = parents.pids or parents.memory
    if folder is None:  # nothing is left running where there are no groups to find it by
        return
    apart = folder / f"apart-{os.getpid()}"  # no edge that starts meanwhile tidies in here
    left = apart / f"{module.PREFIX}999999999-aa"
    left.mkdir(parents=True)
    script = JOIN + "print('in', flush=True); import time; time.sleep(60)"
    argv = [sys.executable, "-c", script, str(left / "cgroup.procs")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()
        module._tidy(apart)
        assert process.wait(20) == -signal.SIGKILL
    module._tidy(apart)
    assert not left.exists()
    apart.rmdir()


def test_what_another_namespace_of_processes_runs_is_not_touched(tmp_path: Path) -> None:
    left = tmp_path / f"{module.PREFIX}999999999-cc"
    left.mkdir()
    (left / "cgroup.procs").write_text("0\n0\n")
    module._tidy(tmp_path)
    assert left.exists()
