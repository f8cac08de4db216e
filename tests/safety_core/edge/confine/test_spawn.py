"""Confined children on a machine with all layers, and on one that lacks one: the others make up for it."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.edge.confine import spawn
from safety_core.edge.confine.confinement import MIB, Confinement, of_commands
from safety_core.edge.confine.group import Parents
from safety_core.edge.confine.layers import Layers, layers
from safety_core.edge.confine.spawn import Program, Streams, confined
from safety_core.edge.home import Home
from safety_core.errors import UnavailableError
from tests.simulators.tenant_network import ROOT, as_root

PATH = {"PATH": os.defpath}
SHORT_OF = {
    "nothing": layers(),
    "being root": replace(layers(), rooms="user"),
    "namespaces": replace(layers(), rooms="none", sealed=False),
    "sealing": replace(layers(), sealed=False),
    "Landlock": replace(layers(), landlock=0),
    "Landlock, being root": replace(layers(), landlock=0, rooms="user"),
}


@pytest.fixture(params=SHORT_OF)
def lacking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What this machine pretends not to have."""
    monkeypatch.setattr(spawn, "layers", lambda: SHORT_OF[request.param])
    return str(request.param)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge/key").write_text("the key")
    return tmp_path


def bounds(work: Path) -> Confinement:
    return Confinement(writable=(str(work / "work"),), hidden=(str(work / "edge"),), memory=256 * MIB, processes=32)


async def run(confinement: Confinement | None, *argv: str, cwd: str = "/", env: dict[str, str] | None = None) -> str:
    """Return the exit status and the output of a program."""
    reading, writing = map(os.fdopen, os.pipe(), ("rb", "wb"))
    with reading, writing:
        program = Program(argv, cwd, PATH | (env or {}))
        async with confined(program, confinement, Streams(stdout=writing, stderr=writing)) as child:
            status = await child.wait()
        writing.close()
        return f"{status} {reading.read().decode()}".rstrip()


async def test_a_program_runs_and_its_status_comes_back(lacking: str, work: Path) -> None:
    confinement = bounds(work)
    told = await run(confinement, "sh", "-c", 'pwd; echo "$WORD"; exit 7', cwd=str(work / "work"), env={"WORD": "a b"})
    assert told == f"7 {work}/work\na b"
    assert (await run(confinement, "sh", "-c", "kill -TERM $$")) == f"{128 + signal.SIGTERM}"


async def test_nothing_of_the_edge_is_there(lacking: str, work: Path) -> None:
    told = await run(bounds(work), "cat", str(work / "edge/key"))
    assert told.startswith("1 ")
    assert "the key" not in told


async def test_it_writes_where_it_may_and_nowhere_else(lacking: str, work: Path) -> None:
    confinement = bounds(work)
    assert await run(confinement, "touch", str(work / "work/new")) == "0"
    assert (work / "work/new").exists()
    told = await run(confinement, "touch", str(work / "beside"))
    assert not (work / "beside").exists()
    assert told.startswith("1 ")
    assert await run(confinement, "sh", "-c", "echo x >/dev/null; echo y >/dev/stderr") == "0 y"


async def test_it_makes_files_in_tmp_though_sockets_are_hidden_there(lacking: str, work: Path) -> None:
    confinement = of_commands(Home(Path("/srv/edge")), str(work / "work"), environ={})
    assert await run(confinement, "sh", "-c", f"file=$(mktemp) && rm $file && cd {work}/work && touch new") == "0"


async def test_it_changes_modes_only_where_it_writes(lacking: str, work: Path) -> None:
    (work / "beside").write_text("")
    before = (work / "beside").stat().st_mode
    command = ("chmod", "4777", str(work / "beside"))
    refused = lacking not in {"namespaces", "sealing"}
    assert (await run(bounds(work), *command)).startswith("1 ") is refused
    assert ((work / "beside").stat().st_mode == before) is refused
    assert await run(bounds(work), "sh", "-c", f"cd {work}/work && touch new && chmod 755 new") == "0"


async def test_a_mount_that_was_read_only_stays_so(work: Path) -> None:
    everything = replace(bounds(work), writable=("/",))
    assert (await run(everything, "touch", str(work / "anywhere"))) == "0"
    assert (await run(everything, "touch", str(work / "edge/new"))).startswith("1 ")


@pytest.mark.parametrize("target", ["nowhere", "edge", "/usr"])
async def test_a_link_that_a_command_leaves_where_something_is_hidden_stops_no_other(
    lacking: str, work: Path, target: str
) -> None:
    hidden = (str(work / "edge"), str(work / "work/.terminals"))
    confinement = replace(bounds(work), hidden=hidden)
    (work / "work/.terminals").symlink_to(work / target)  # as a command may, where there was nothing
    assert await run(confinement, "sh", "-c", "ls /usr/bin | grep -cx env") == "0 1"
    assert "the key" not in await run(confinement, "cat", str(work / "work/.terminals/key"))


async def test_where_it_writes_is_not_exchanged_for_another_place(lacking: str, work: Path) -> None:
    (work / "outside/work").mkdir(parents=True)
    inner = work / "work/above/work"
    inner.mkdir(parents=True)
    confinement = replace(bounds(work), writable=(str(work / "work"), str(inner)))
    above, moved = inner.parent, work / "work/moved"
    script = f"mv {above} {moved} && ln -s {work}/outside {above}"
    told = await run(confinement, "sh", "-c", script)
    assert told.startswith("1 ") or lacking == "namespaces"
    if lacking != "namespaces":  # there it could be, and the next one writes nowhere then
        inner.parent.rename(moved)
        above.symlink_to(work / "outside")
    await run(confinement, "touch", str(inner / "new"))
    assert not (work / "outside" / inner.name / "new").exists()


async def test_root_changes_no_setting_of_the_machine(lacking: str, work: Path) -> None:
    script = "exec 3>>/proc/sys/kernel/core_pattern"
    assert (await run(bounds(work), "bash", "-c", script)).startswith("1 ")


async def test_nobody_listens_to_what_others_send(lacking: str, work: Path) -> None:
    script = "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"
    assert "PermissionError" in await run(bounds(work), sys.executable, "-c", script)


async def test_the_edge_cannot_be_looked_into_or_signalled(lacking: str, work: Path) -> None:
    confinement = bounds(work)
    own = os.getpid()
    for path in (f"/proc/{own}/environ", f"/proc/{own}/maps", f"/proc/{own}/root//etc/hostname"):
        assert (await run(confinement, "cat", path)).startswith("1 ")
    assert (await run(confinement, "sh", "-c", f"kill -0 {own}")).startswith("1 ")


async def test_nothing_outlives_the_block(lacking: str, work: Path) -> None:
    mark = work / "work/mark"
    script = f"setsid sh -c 'sleep 0.7; touch {mark}' & setsid sleep 60 & echo done"
    assert await run(bounds(work), "sh", "-c", script) == "0 done"
    await asyncio.sleep(1.2)
    assert not mark.exists()


async def test_it_has_no_more_than_its_processes(lacking: str, work: Path) -> None:
    script = "for i in $(seq 60); do sleep 5 & done; echo all"
    async with confined(Program(("sh", "-c", script), "/", PATH), bounds(work)) as child:
        assert await child.wait() != 0
    assert "processes" in child.hits


async def test_no_program_gains_privileges_or_keeps_those_that_undo_a_confinement(lacking: str, work: Path) -> None:
    told = await run(bounds(work), "cat", "/proc/self/status")
    status = dict(line.split(":\t", 1) for line in told.partition(" ")[2].splitlines() if ":\t" in line)
    assert status["NoNewPrivs"] == "1"
    powers = int(status["CapPrm"], 16) | int(status["CapBnd"], 16) | int(status["CapAmb"], 16)
    for forbidden in (2, 16, 17, 19, 21, 24, 27):  # DAC_READ_SEARCH, SYS_MODULE/RAWIO/PTRACE/ADMIN/RESOURCE, MKNOD
        assert not powers >> forbidden & 1


async def test_it_inherits_its_streams_and_no_other_descriptor(lacking: str, work: Path) -> None:
    told = await run(bounds(work), "sh", "-c", "for each in /proc/$$/fd/*; do readlink $each; done; :")
    links = told.split()[1:]
    assert len(links) == 3
    assert links[0] == "/dev/null"
    assert all(link.startswith("pipe:") for link in links[1:])


async def test_no_core_holds_memory_wherever_it_is_sent(lacking: str, work: Path) -> None:
    told = await run(bounds(work), "sh", "-c", "ulimit -c; cat /proc/self/coredump_filter")
    assert told == "0 0\n00000000"


@pytest.mark.parametrize("name", ["no-such-program", "/etc/passwd", "/no/such/folder/program"])
async def test_what_cannot_start_says_why(lacking: str, work: Path, name: str) -> None:
    with pytest.raises(OSError, match=r"No such file|Permission denied"):
        await run(bounds(work), name)
    with pytest.raises(FileNotFoundError):
        await run(bounds(work), "true", cwd="/no/such/folder")


async def test_what_cannot_be_confined_is_not_started(monkeypatch: pytest.MonkeyPatch, work: Path) -> None:
    """A machine that has lost what it had: a child is to join a group that is gone."""
    gone = spawn.Group(work / "no-group", None)
    monkeypatch.setattr(spawn.Group, "create", lambda memory, processes: gone)
    with pytest.raises(UnavailableError, match=r"could not be confined \(No such file or directory\), so it was not"):
        await run(bounds(work), "touch", str(work / "work/new"))
    assert not (work / "work/new").exists()


async def test_what_lies_below_a_hidden_folder_stays_where_it_is_written(work: Path) -> None:
    (work / "edge/work").mkdir()
    below = replace(bounds(work), writable=(str(work / "edge/work"),))
    assert await run(below, "touch", str(work / "edge" / "work" / "new")) == "0"
    assert (work / "edge" / "work" / "new").exists()
    assert (await run(below, "ls", str(work / "edge"))) == "0 work"
    assert (await run(below, "touch", str(work / "edge/new"))).startswith("1 ")


async def test_a_hidden_file_is_empty_and_a_hidden_socket_refuses(work: Path) -> None:
    (work / "token").write_text("secret")
    hidden = replace(bounds(work), hidden=(str(work / "token"),))
    assert await run(hidden, "cat", str(work / "token")) == "0"


async def test_only_named_paths_are_read_where_not_all_are(work: Path) -> None:
    (work / "other").write_text("other")
    narrow = replace(bounds(work), readable=("/usr", "/lib", "/lib64", "/bin", "/etc/hostname"))
    assert (await run(narrow, "cat", "/etc/hostname")).startswith("0 ")
    assert (await run(narrow, "cat", str(work / "other"))).startswith("1 ")
    assert (await run(narrow, "cat", "/etc/passwd")).startswith("1 ")


async def test_without_a_network_there_is_not_even_the_machines_own(work: Path) -> None:
    script = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    command = (sys.executable, "-c", script)
    assert await run(bounds(work), *command) == "0"
    assert (await run(replace(bounds(work), network=False), *command)).startswith("1 ")


async def test_without_groups_each_process_is_bounded(monkeypatch: pytest.MonkeyPatch, work: Path) -> None:
    monkeypatch.setattr(spawn, "layers", lambda: replace(layers(), memory=False, pids=False))
    monkeypatch.setattr("safety_core.edge.confine.group.find_parents", Parents)
    told = await run(bounds(work), sys.executable, "-c", "held = bytearray(512 * 1024 * 1024)")
    assert "MemoryError" in told
    assert await run(bounds(work), sys.executable, "-c", "held = bytearray(64 * 1024 * 1024)") == "0"


async def test_on_a_machine_that_offers_nothing_a_child_has_limits_and_a_group(
    monkeypatch: pytest.MonkeyPatch, work: Path
) -> None:
    monkeypatch.setattr(spawn, "layers", Layers)
    monkeypatch.setattr("safety_core.edge.confine.group.find_parents", Parents)
    told = await run(replace(bounds(work), cpu_seconds=9), "sh", "-c", "ulimit -c; ulimit -n; ulimit -t; sleep 60 &")
    assert told == "0 0\n4096\n9"


async def test_unconfined_it_does_what_we_may(work: Path) -> None:
    assert await run(None, "cat", str(work / "edge/key")) == "0 the key"


KILLED = """
import asyncio, os, sys
from dataclasses import replace
from safety_core.edge.confine import spawn
from safety_core.edge.confine.confinement import Confinement
from safety_core.edge.confine.spawn import Program, confined

here = spawn.layers()
spawn.layers = lambda: replace(here, rooms=sys.argv[1], sealed=sys.argv[1] != "none")

async def main(command):
    async with confined(Program(tuple(command.split()), "/", {"PATH": os.defpath}), Confinement()) as child:
        print("runs", flush=True)
        await child.wait()

asyncio.run(main(sys.argv[2]))
"""


@pytest.mark.parametrize("rooms", sorted({layers().rooms, "user", "none"}))
def test_what_an_edge_runs_ends_with_it_when_it_is_killed(rooms: str) -> None:
    command = f"sleep 60.{secrets.randbelow(10**9):09d}"
    argv = (sys.executable, "-c", KILLED, rooms, command)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT) as edge:
        assert edge.stdout
        assert edge.stdout.readline() == b"runs\n"
        until(lambda: runs(command))
        edge.kill()
    until(lambda: not runs(command))


def runs(command: str) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cmdline").read_bytes() == command.replace(" ", "\0").encode() + b"\0":
                return True
    return False


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


AS_USER = """
import asyncio, os, sys
from safety_core.edge.confine.confinement import MIB, Confinement
from safety_core.edge.confine.layers import layers
from safety_core.edge.confine.spawn import Program, Streams, confined

SCRIPT = (
    "id -u; cat edge/key || echo hidden; touch new && echo written; touch /var/tmp/x$$ || echo refused; "
    "ls /proc | grep -c '^[0-9]'; sh -c 'for i in $(seq 60); do sleep 5 & done' 2>/dev/null || echo bounded"
)

async def main(work):
    confinement = Confinement(writable=(work,), hidden=(work + "/edge",), memory=256 * MIB, processes=32)
    program = Program(("sh", "-c", SCRIPT), work, {"PATH": os.defpath})
    async with confined(program, confinement, Streams(stdout=1)) as child:
        await child.wait()
    print(layers().rooms, layers().memory, layers().pids, flush=True)

asyncio.run(main(sys.argv[1]))
"""


def test_an_edge_that_is_not_root_confines_as_well() -> None:
    """Where only root reads the interpreter, that user is lent the power to read; what it starts does not have it."""
    user = ("setpriv", "--reuid=40010", "--regid=40010", "--clear-groups")
    lent = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        (Path(folder) / "edge").mkdir()
        (Path(folder) / "edge/key").write_text("the key")
        as_root(("chown", "-R", "40010:40010", folder))
        told = as_root((*user, *lent, sys.executable, "-c", AS_USER, folder), cwd=ROOT)
        as_root(("chown", "-R", str(os.geteuid()), folder))
    found = told.stdout.split("\n")
    assert found[:4] == ["40010", "hidden", "written", "refused"], told.stderr
    assert int(found[4]) <= 5
    assert found[5:7] == ["bounded", "user False False"], told.stderr
