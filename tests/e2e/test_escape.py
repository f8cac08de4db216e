"""Commands that want out, beside a real edge: each attempt is contained, and what bounded it is told.

Attempts that harm nothing are made by an unconfined command as well, and come about: so each is a real one.
"""

from __future__ import annotations

import os
import secrets
import shlex
import socket
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proxy.parts import limits_of
from proxy.settings_source import load_settings
from safety_core.edge.execute import Limits, execute
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import ShellPlan
from tests.simulators import escape_attempts
from tests.simulators.site import Edge, Site, site

PROGRAM = f"{shlex.quote(sys.executable)} {shlex.quote(str(Path(escape_attempts.__file__)))}"
MEMORY, PROCESSES, FILE_SIZE = 256, 48, 16
FREE = Limits(confinement=None)


@dataclass
class Place:
    """A running edge, and what attempts are made at."""

    site: Site
    edge: Edge
    limits: Limits
    outside: Path
    abstract: str

    @property
    def words(self) -> dict[str, str]:
        """What stands for itself in an attempt's words."""
        home = self.site.home
        named = {"PID": self.edge.popen.pid, "HOME": home.path, "VAULT": home.vault, "KEY": home.vault_key}
        elsewhere = {"OUTSIDE": self.outside, "SOCKET": self.edge.ready["control"], "ABSTRACT": self.abstract}
        return {name: str(value) for name, value in {**named, **elsewhere, "TOKEN": self.site.folder / "token"}.items()}

    def command(self, attempt: str) -> str:
        """Return the command line of an attempt such as "read VAULT"."""
        for name, value in self.words.items():
            attempt = attempt.replace(name, value)
        return f"{PROGRAM} {attempt}"

    async def tried(self, attempt: str, limits: Limits | None = None, seconds: float = 60.0) -> ToolResult:
        """Have an attempt made as the edge has commands run."""
        plan = ShellPlan(self.command(attempt), str(self.site.workspace), (), seconds)
        return await execute(plan, {}, limits or self.limits)

    def through_the_edge(self, attempt: str) -> Any:
        """Have the running edge make it, once a person said yes."""
        told = self.edge.run("exec", command=self.command(attempt))
        if told["status"] == "pending":
            self.site.answer(told["approval"]["id"])
            told = self.edge.run("exec", wait=30.0, command=self.command(attempt))
        return told


@pytest.fixture(scope="module")
def place() -> Generator[Place, None, None]:
    with site() as here, here.hub(), tempfile.TemporaryDirectory(prefix="outside-", dir=Path.home()) as outside:
        here.introduce()
        here.publish()
        token = here.folder / "token"
        token.write_text(secrets.token_hex(20))
        token.chmod(0o600)
        bounds = {"EXECUTE_MEMORY": MEMORY, "EXECUTE_PROCESSES": PROCESSES, "EXECUTE_FILE_SIZE": FILE_SIZE}
        given = {**{name: str(value) for name, value in bounds.items()}, "CONTROL_TOKEN_FILE": str(token)}
        with here.edge(**given, CONTROL_PORT="0") as edge, socket.socket(socket.AF_UNIX) as listener:
            name = f"escape-{secrets.token_hex(8)}"
            listener.bind("\0" + name)
            listener.listen()
            Path(outside, "file").write_text("old")
            settings = {"HOME": str(here.home.path), "TENANT": "bakery", "WORKSPACE": str(here.workspace), **given}
            limits = limits_of(load_settings(None, {f"SAFETY_EDGE_{key}": value for key, value in settings.items()}))
            yield Place(here, edge, limits, Path(outside), name)


@pytest.fixture(autouse=True)
def swept(place: Place) -> Generator[None, None, None]:
    """Begin with an empty workspace, and leave the outside as it was."""
    yield
    for left in place.site.workspace.iterdir():
        left.unlink()
    for left in place.outside.iterdir():
        left.unlink()
    (place.outside / "file").write_text("old")


REAL = (
    "write OUTSIDE/by-path",
    "write_by_symlink OUTSIDE",
    "write_by_proc_root OUTSIDE",
    "append OUTSIDE/file",
    "change_mode OUTSIDE/file",
    "change_times OUTSIDE/file",
    "remove OUTSIDE/file",
    "read VAULT",
    "read KEY",
    "read HOME/edge.db",
    "read TOKEN",
    "read /proc/PID/environ",
    "read /proc/PID/root/VAULT",
    "read_link /proc/PID/exe",
    "read_link /proc/PID/fd/0",
    "read_memory PID",
    "trace PID",
    "signal_edge PID",
    "connect SOCKET",
    "connect_abstract ABSTRACT",
    "raise_limits",
    f"fill_disk {2 * FILE_SIZE}",
    f"fill_memory {2 * MEMORY}",
)
"""What an unconfined command can do to a machine on which edge and commands are one user, and that is root."""

IN_VAIN = (
    "write_by_hard_link OUTSIDE/file",
    "write_by_proc_root /proc/1/root/OUTSIDE",
    "read HOME/../home/vault.db",
    "move_away HOME",
    "uncover HOME",
    "uncover_as_root_of_a_namespace HOME",
    "enter_namespace_of PID",
    "enter_namespace_of 1",
    "read_disk",
    "listen_in",
    "leave_group",
    "kernel_setting",
    f"fill_shared_memory {2 * MEMORY}",
    "open_many 30000",
)


@pytest.mark.parametrize("attempt", [*REAL, *IN_VAIN])
async def test_it_is_contained(place: Place, attempt: str) -> None:
    result = await place.tried(attempt)
    assert "ESCAPED" not in result.output
    assert result.status != 0, result.output
    assert (place.outside / "file").read_text() == "old"
    assert [file.name for file in place.outside.iterdir()] == ["file"]
    assert place.edge.popen.poll() is None


@pytest.mark.parametrize("attempt", REAL)
async def test_it_is_a_real_attempt(place: Place, attempt: str) -> None:
    result = await place.tried(attempt, FREE)
    if os.geteuid() == 0:
        assert "ESCAPED" in result.output, result.output


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        (f"fill_memory {4 * MEMORY}", f"[confined: killed for memory, since it used more than {MEMORY} MiB]"),
        (f"fill_disk_plainly {2 * FILE_SIZE}", f"a file that it wrote grew past {FILE_SIZE} MiB]"),
        ("fork_bomb 500", f"[confined: refused further processes, since it had {PROCESSES}]"),
        ("print_much 10240", "[confined: ended, since it printed more than 256 MiB]"),
        ("write OUTSIDE/by-path", "[confined: if it was this confinement that refused it: commands write in "),
    ],
)
def test_the_edge_contains_it_and_says_what_bounded_it(place: Place, attempt: str, told: str) -> None:
    answer = place.through_the_edge(attempt)
    assert answer["status"] == "executed"
    assert answer["exit"] != 0
    assert told in answer["output"]
    assert "ESCAPED" not in answer["output"]
    assert place.edge.status()["policy"]["state"] == "in force"


def test_the_control_socket_refuses_a_command_of_the_edge(place: Place) -> None:
    answer = place.through_the_edge("connect SOCKET")
    assert "Connection refused" in answer["output"] or "No such file" in answer["output"]


async def test_a_fork_bomb_starts_no_more_than_it_may(place: Place) -> None:
    result = await place.tried("fork_bomb 500")
    started = int(result.output.split("started ")[1].split()[0])
    assert 0 < started < PROCESSES


@pytest.mark.parametrize("confined", [True, False])
async def test_a_daemon_outlives_only_a_call_that_is_not_confined(place: Place, *, confined: bool) -> None:
    mark = place.site.workspace / "mark"
    assert "left behind" in (await place.tried(f"daemon {mark}", None if confined else FREE)).output
    deadline = time.monotonic() + (3 if confined else 30)
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.05)  # noqa: ASYNC251 - nothing else is to happen meanwhile
    assert mark.exists() is not confined


async def test_who_sleeps_past_the_limit_is_ended(place: Place) -> None:
    with pytest.raises(ExecutionError, match=r"did not end in 1 seconds and was killed"):
        await place.tried("sleep", seconds=1.0)


async def test_ten_gigabytes_are_not_read(place: Place) -> None:
    result = await place.tried("print_much 10240")
    assert result.truncated
    assert len(result.output) < 2 * 1024 * 1024
    assert not (place.site.workspace / "printed-all").exists()


async def test_no_core_is_dumped(place: Place) -> None:
    secret = secrets.token_hex(16)
    result = await place.tried(f"dump_core {secret}")
    assert result.status == 128 + 6
    assert [file.name for file in place.site.workspace.iterdir()] == []
