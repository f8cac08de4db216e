"""Tools of a real MCP server, as a program and over HTTP: called as they were pinned, or not at all."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.errors import ExecutionError, UncertainError
from safety_core.model.connection import Connection
from safety_core.model.tool_call import Hint
from tests.safety_core.edge.adapters.mcp.conftest import Notes
from tests.simulators.relay import relay


async def test_a_tool_does_what_it_is_called_for(notes: Notes) -> None:
    assert (await notes.call("note", text="one")).output == "kept: one"
    assert (await notes.in_child("note", text="SECRET_REF(NOTES_KEY)")).output == f"kept: {notes.secret}"
    assert notes.acts == ["one", notes.secret]
    failed = await notes.call("fails")
    assert (failed.status, "Error" in failed.output) == (1, True)
    assert (await notes.call("picture")).output == "here it is\n[image: image/png, 3 bytes]"


async def test_it_says_what_there_is_and_that_it_can_be_reached(notes: Notes) -> None:
    assert (await notes.call("check", pinned=False)).output.endswith(", 11 tools")
    assert (await notes.call("check")).output == "the tool of that name", "of those that were pinned"
    operations = (await notes.pinned()).operations
    assert operations["forget"].hints == {Hint.WRITES, Hint.DESTRUCTIVE, Hint.OPEN_WORLD}
    assert operations["notes"].hints == frozenset()


async def test_what_the_server_asks_of_us_is_declined(notes: Notes) -> None:
    assert (await notes.call("asks")).output.startswith("declined")


async def test_a_tool_that_was_not_pinned_or_is_gone_is_not_called(notes: Notes) -> None:
    with pytest.raises(ExecutionError, match="has no tool forget_all that was pinned"):
        await notes.call("forget_all")
    pinned = await notes.pinned()
    other = replace(notes, operations={"gone": replace(pinned.operations["note"], name="gone")})
    with pytest.raises(ExecutionError, match="changed since it was pinned: the tool gone is gone"):
        await other.call("gone")


async def test_a_tool_that_changed_since_it_was_pinned_is_not_called(program: Notes) -> None:
    await program.pinned()
    (program.folder / "changed").touch()
    with pytest.raises(
        ExecutionError, match="changed since it was pinned: the tool note has another definition"
    ) as told:
        await program.call("note", text="x")
    assert told.value.fix == "look at what it says now, and pin it: safety connection pin notes"
    assert program.acts == []
    assert (await program.call("notes")).output == ""


async def test_a_wrong_token_is_named_and_shown_nowhere(at_url: Notes) -> None:
    with pytest.raises(ExecutionError, match=r"refused the secret in its slot token \(401\)") as told:
        await at_url.call("check", pinned=False, secret="wrong-and-plainly-so")
    assert "wrong-and-plainly-so" not in str(told.value)


async def test_a_programs_secrets_are_its_own_variables(program: Notes) -> None:
    found = json.loads((await program.in_child("environment")).output)
    assert found.pop("NOTES_KEY") == program.secret
    assert found.keys() <= {"PATH", "HOME", "LANG", "PWD"}


async def test_silence_is_uncertain(notes: Notes) -> None:
    begun = time.monotonic()
    await notes.call("list", pinned=False)
    notes.seconds = round(2 + 5 * (time.monotonic() - begun), 1)  # a busy machine starts a program slowly
    with pytest.raises(UncertainError, match=r"connection notes: did not answer in [\d.]+ seconds"):
        await notes.call("silent")
    assert notes.acts == ["silent"]


async def test_a_long_answer_is_cut_and_one_without_end_is_refused(notes: Notes) -> None:
    result = await notes.in_child("huge", output=1000, mebibytes=2)
    assert (result.output, result.truncated) == ("x" * 1000, True)
    with pytest.raises(UncertainError, match="cut off in the middle"):
        await notes.call("huge", mebibytes=20)


async def test_a_server_that_ends_in_the_middle_is_uncertain(program: Notes) -> None:
    with pytest.raises(UncertainError, match=r"connection notes: was cut off in the middle .*look whether it happened"):
        await program.call("dies")
    assert program.acts == ["dies"]


@pytest.mark.parametrize("passed", [False, True], ids=["before it came", "behind it"])
async def test_a_line_cut_at_the_call_is_uncertain(at_url: Notes, passed: bool) -> None:
    (at_url.folder / "acts").unlink(missing_ok=True)
    connection, port = await at_url.pinned(), int(at_url.connection.target.split(":")[2].partition("/")[0])
    with relay(port, at=b"two-loaves", passed=passed) as line:
        there = replace(connection, target=connection.target.replace(str(port), str(line.port)))
        cut = replace(at_url, connection=there)
        with pytest.raises(UncertainError, match="connection notes: was cut off in the middle"):
            await cut.call("note", text="two-loaves")
    while passed and not at_url.acts:  # noqa: ASYNC110 - the server acts while nobody hears it
        await asyncio.sleep(0.01)
    assert at_url.acts == ["two-loaves"] * passed


@pytest.mark.parametrize(
    ("target", "private", "told"),
    [
        ("/no/such/server", False, "cannot be started"),
        ("", False, "has no command line"),
        ("'half", False, "has no command line"),
        ("cat", False, "does not take this call|does not speak MCP"),
        ("true", False, "program that ended.*start its target by hand.*readable"),
        ("http://127.0.0.1:9/mcp", False, "over plain http"),
        ("https://127.0.0.1:9/mcp", False, "leads to this machine"),
        ("http://127.0.0.1:9/mcp", True, "cut off in the middle"),
    ],
)
async def test_a_server_that_is_none_is_told_from_one_that_failed(target: str, private: bool, told: str) -> None:
    nowhere = Notes(Path("/"), Connection("notes", "mcp", target, private=private), "x")
    with pytest.raises(ExecutionError, match=told) as caught:
        await nowhere.call("check", pinned=False)
    assert not isinstance(caught.value, UncertainError)
