"""Commands and programs: real children, real limits, secrets only inside of them."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from safety_core.edge.adapters.child import _answered
from safety_core.edge.adapters.request import Request
from safety_core.edge.confine.spawn import Confined
from safety_core.edge.execute import Limits, execute
from safety_core.edge.execute import process as module
from safety_core.errors import ExecutionError, UncertainError, UnknownSecretError
from safety_core.model.connection import Connection
from safety_core.model.secret import SecretName, SecretValue, references
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import ArgvPlan, ShellPlan

A = SecretName("a")
VALUES = {A: SecretValue("p'w $(id) \"")}


async def shell(command: str, cwd: Path | str = "/", seconds: float = 20.0, limits: Limits | None = None) -> ToolResult:
    return await execute(ShellPlan(command, str(cwd), references(command), seconds), VALUES, limits)


async def argv(*words: str, stdin: str = "", refs: tuple[SecretName, ...] = (A,)) -> ToolResult:
    allowed = Limits(secrets_in_arguments=True)
    return await execute(ArgvPlan(words, "/", stdin, refs, 20.0), VALUES, allowed)


async def test_both_streams_and_the_status_come_back(tmp_path: Path) -> None:
    assert await shell("pwd; echo two >&2; exit 3", tmp_path) == ToolResult(f"{tmp_path}\ntwo\n", 3)


async def test_a_command_killed_by_a_signal_says_which() -> None:
    assert (await shell("kill -TERM $$")).status == 128 + 15


async def test_a_secret_reaches_the_child_and_stays_out_of_the_command_line() -> None:
    result = await shell(
        "printf '%s ' SECRET_REF(a) \"x'SECRET_REF(a)\" 'SECRET_REF(a)' END; tr '\\0' ' ' </proc/$$/cmdline"
    )
    value = VALUES[A].reveal()
    shown, command_line = result.output.split("END", 1)
    assert shown == f"{value} x'{value} {value} "
    assert value not in command_line
    assert "SAFETY_SECRET_0" in command_line


async def test_the_environment_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "leak")
    result = await shell("env", limits=Limits(environment={"TZ": "UTC"}))
    names = {line.split("=")[0] for line in result.output.splitlines()}
    assert names <= {"PATH", "HOME", "LANG", "TZ", "PWD", "SHLVL", "_", "OLDPWD"}
    assert "TZ=UTC" in result.output


async def test_input_is_closed_and_there_is_no_terminal() -> None:
    assert (await shell("cat; tty </dev/tty || echo none")).output.endswith("none\n")


async def test_only_so_many_run_at_once_and_who_waits_in_vain_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "_places", asyncio.Semaphore(2))
    count = f"mkdir {tmp_path}/$$; ls {tmp_path} | wc -l; sleep 0.3; rmdir {tmp_path}/$$"
    free = Limits(confinement=None)
    results = await asyncio.gather(*(shell(count, limits=free) for _ in range(6)))
    assert {int(result.output) for result in results} <= {1, 2}
    monkeypatch.setattr(module, "PLACE_SECONDS", 0.05)
    told = await asyncio.gather(*(shell("sleep 0.4; echo done") for _ in range(3)), return_exceptions=True)
    refused = [one for one in told if isinstance(one, ExecutionError)]
    assert len(refused) == 1
    assert "was not started" in str(refused[0])
    assert (await shell("echo again")).output == "again\n"


async def test_output_is_cut_at_the_limit_and_the_child_goes_on() -> None:
    result = await shell("head -c 3000000 /dev/zero | tr '\\0' x; exit 7", limits=Limits(output=1000))
    assert result == ToolResult("x" * 1000, 7, truncated=True)
    assert (await shell("printf abc", limits=Limits(output=3))) == ToolResult("abc")


async def test_bytes_that_are_no_text_are_replaced() -> None:
    assert (await shell("printf 'a\\377b'")).output == "a\ufffdb"


LASTS = 60
"""Seconds: whoever waits for the end of such a command takes no less."""


def lasting() -> str:
    """Return a command that lasts so long, told from all others on this machine."""
    return f"sleep {LASTS}.{secrets.randbelow(10**9):09d}"


def runs(command: str) -> bool:
    """Tell whether a process of this machine has this command line; in its own namespace its number is another one."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cmdline").read_bytes() == command.replace(" ", "\0").encode() + b"\0":
                return True
    return False


async def comes(condition: Callable[[], bool]) -> bool:
    for _ in range(3000):
        if condition():
            return True
        await asyncio.sleep(0.02)
    return False


async def gone(command: str) -> bool:
    return await comes(lambda: not runs(command))


async def test_the_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    begin, command = time.monotonic(), lasting()
    with pytest.raises(ExecutionError, match=r"did not end in 0\.5 seconds and was killed"):
        await shell(f"{command} & {command}", tmp_path, seconds=0.5)
    assert time.monotonic() - begin < LASTS
    assert await gone(command)


async def test_what_a_command_leaves_behind_is_ended(tmp_path: Path) -> None:
    begin, command = time.monotonic(), lasting()
    assert await shell(f"{command} & echo done", tmp_path) == ToolResult("done\n")
    assert time.monotonic() - begin < LASTS
    assert await gone(command)


async def test_cancelling_ends_all_of_it(tmp_path: Path) -> None:
    command = lasting()
    task = asyncio.create_task(shell(command, tmp_path))
    assert await comes(lambda: runs(command))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gone(command)


async def test_without_a_confinement_an_escaped_process_that_holds_the_output_does_not_hold_us(tmp_path: Path) -> None:
    free = Limits(confinement=None)
    assert await shell("setsid sleep 3 & echo done", tmp_path, limits=free) == ToolResult("done\n")


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_no_descriptor_is_left_open() -> None:
    await shell("true")
    before = descriptors()
    for _ in range(3):
        await shell("true")
        with pytest.raises(ExecutionError):
            await argv("/no/such/program")
    assert descriptors() <= before


async def test_a_program_gets_its_arguments_and_input_as_they_are() -> None:
    value = VALUES[A].reveal()
    assert (await argv("printf", "%s|%s", "SECRET_REF(a)", "$HOME")).output == f"{value}|$HOME"
    assert (await argv("cat", stdin="k=SECRET_REF(a)" * 20_000)).output == f"k={value}" * 20_000


async def test_a_secret_is_no_argument_unless_the_operator_says_so() -> None:
    with pytest.raises(ExecutionError, match="secret a in an argument: would be seen by every user") as caught:
        await execute(ArgvPlan(("printf", "x", "SECRET_REF(a)"), "/", "", (A,), 20.0), VALUES)
    assert VALUES[A].reveal() not in str(caught.value)


async def test_environment_and_input_of_the_call_hold_its_secrets() -> None:
    value = VALUES[A].reveal()
    env = (("KEY", "<SECRET_REF(a)>"),)
    shell_plan = ShellPlan('printf "%s" "$KEY"; cat', "/", (A,), 20.0, "in SECRET_REF(a)", env)
    assert (await execute(shell_plan, VALUES)).output == f"<{value}>in {value}"
    argv_plan = ArgvPlan(("printenv", "KEY"), "/", "", (A,), 20.0, env)
    assert (await execute(argv_plan, VALUES)).output == f"<{value}>\n"


async def test_what_cannot_start_is_named_without_its_values() -> None:
    with pytest.raises(ExecutionError, match="could not be started") as caught:
        await argv("SECRET_REF(a)")
    assert VALUES[A].reveal() not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(ExecutionError, match="could not be started") as nowhere:
        await shell("true", "/no/such/folder")
    assert {type(caught.value), type(nowhere.value)} == {ExecutionError}  # not uncertain: nothing has run


async def test_what_was_started_may_have_run_whatever_fails_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Confined.end

    async def failing(child: Confined) -> None:
        await ended(child)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Confined, "end", failing)
    with pytest.raises(UncertainError, match=r"the command: may have run, and was ended \(Input/output error\)"):
        await shell("touch ran", tmp_path, limits=Limits(confinement=None))
    assert (tmp_path / "ran").exists()
    request = Request(Connection("shop", "mcp", "/bin/true"), "list_orders", {}, {}, "", False, 1000, 5.0)
    with pytest.raises(UncertainError, match=r"connection shop: was cut off in the middle \(Input/output error\)"):
        await _answered(request, None)


async def test_an_edge_without_further_descriptors_starts_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> tuple[int, int]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "pipe", none)
    with pytest.raises(ExecutionError, match=r"could not be started \(Too many open files\)"):
        await shell("true")
    request = Request(Connection("shop", "mcp", "/bin/true"), "list_orders", {}, {}, "", False, 1000, 5.0)
    with pytest.raises(ExecutionError, match=r"has no process to serve it \(Too many open files\)"):
        await _answered(request, None)


async def test_a_missing_value_starts_nothing(tmp_path: Path) -> None:
    for attempt in (shell("touch ran SECRET_REF(b)", tmp_path), argv("touch", f"{tmp_path}/ran", "SECRET_REF(b)")):
        with pytest.raises(UnknownSecretError, match="secret b"):
            await attempt
    assert not (tmp_path / "ran").exists()
