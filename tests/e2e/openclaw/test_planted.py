"""Fifty secrets, planted wherever an agent comes by one, stand in nothing that OpenClaw keeps or that leaves it.

The others of this folder have left their share in the same places, which are searched with them.
"""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.openclaw.world import CHATTED, RECITED, World, wait_until
from tests.simulators.planted import kept, leaks, plant, spellings
from tests.simulators.scripted_model import KNOWN, Call, Recite, Say, script
from tests.simulators.telegram import OWNER


def planted(world: World, first: int, last: int) -> list[str]:
    """Return the values of these secrets, the last included."""
    return [world.values[f"PLANTED_{number:02}"] for number in range(first, last + 1)]


def run(command: str) -> Call:
    return Call("exec", {"command": command})


def test_in_files_that_are_read_in_any_spelling(world: World) -> None:
    values = planted(world, 0, 11)
    texts = [
        *values[:3],
        base64.b64encode(f"{values[3]} opens it".encode()).decode(),
        base64.b64encode(f"a{values[4]} opens it".encode()).decode(),
        base64.b64encode(f"ab{values[5]} opens it".encode()).decode(),
        base64.urlsafe_b64encode(f"it is {values[6]}".encode()).decode(),
        values[7].encode().hex(),
        values[8].encode().hex().upper(),
        quote(values[9], safe=""),
        json.dumps({"password": values[10]}),
        "".join(f"\\u{ord(char):04x}" for char in values[11]),
    ]
    for number, text in enumerate(texts):
        (world.workspace / f"found-{number}.txt").write_text(f"here: {text}\n")
    reads = [Call("read", {"path": f"found-{number}.txt"}) for number in range(6)]
    prints = [run(f"cat found-{number}.txt") for number in range(6, len(texts))]
    results, _ = world.say(*reads, *prints, Say("I have read them."))
    assert len(results) == len(texts)


@pytest.mark.parametrize(("agent", "first"), [("main", 12), ("replies", 15), ("claude", 18)])
def test_in_what_commands_print(world: World, agent: str, first: int) -> None:
    for number, value in enumerate(planted(world, first, first + 2)):
        (world.workspace / f"printed-{number}.txt").write_text(f"key = {value}\n")
    commands = ("base64 printed-0.txt", "od -An -v -tx1 printed-1.txt", "cat printed-2.txt >&2; exit 4")
    results, _ = world.say(*map(run, commands), Say("I have seen it."), agent=agent)
    assert len(results) == len(commands)


def test_in_the_output_of_a_command_in_the_background(world: World) -> None:
    for number, value in enumerate(planted(world, 21, 23)):
        (world.workspace / f"late-{number}.txt").write_text(f"late {value}\n")
    _, output = world.in_background("cat late-0.txt; sleep 1; cat late-1.txt; sleep 1; cat late-2.txt")
    assert "SECRET_REF(PLANTED_23)" in output


@pytest.mark.parametrize(("agent", "first"), [("main", 24), ("replies", 26), ("claude", 28)])
def test_in_what_a_person_types(world: World, agent: str, first: int) -> None:
    one, other = planted(world, first, first + 1)
    results, _ = world.say(run(f"echo {first}"), Say("Thank you."), agent=agent, said=f"use {one} or '{other}'")
    assert results == [str(first)]


def test_in_the_task_of_a_helper(world: World) -> None:
    one, other = planted(world, 30, 31)
    (world.workspace / "helped.txt").write_text(f"the helper reads {other}\n")
    task = f"Use {one}. {script(run('cat helped.txt'), Say('The helper has read it.'))}"
    KNOWN["the task"] = task
    world.inner("sessions_spawn", task=task)
    wait_until(lambda: b"The helper has read it." in world.sent())


def test_in_errors_and_in_the_arguments_that_they_repeat(world: World) -> None:
    one, other, third = planted(world, 32, 34)
    calls = (
        run(f"cat no-such-{one}"),
        Call("read", {"path": f"no-such-{other}.txt"}),
        Call("nothing_of_this_name", {"value": third}),
    )
    world.say(*calls, Say("That does not work."))


def test_in_what_an_agent_writes_down(world: World) -> None:
    one, other = planted(world, 35, 36)
    world.say(
        Call("write", {"path": "draft.txt", "content": f"draft {one}"}),
        run(f"printf %s {other} > noted.txt"),
        Say("Noted."),
    )


def test_in_a_chat(world: World) -> None:
    one, other = planted(world, 37, 38)
    (world.workspace / "asked.txt").write_text(f"the answer is {one} or {other}\n")
    before = len(world.messenger.sent)
    world.messenger.write(f"it is {world.values[CHATTED]} {script(run('cat asked.txt'), Say('I have it.'))}")
    world.messenger.await_sent(lambda sent: (sent.chat, sent.text) == (OWNER, "I have it."), after=before)


def test_in_what_is_sent_with_a_reference(world: World) -> None:
    names = [f"SECRET_REF(PLANTED_{number})" for number in range(39, 42)]
    results, _ = world.say(*[run(f"printf %s {name}") for name in names], Say("It is sent."))
    assert results == names


def test_in_a_title_and_in_later_turns_of_one_conversation(world: World) -> None:
    one, other, third = planted(world, 42, 44)
    (world.workspace / "again.txt").write_text(f"again {third}\n")
    _, turn = world.say(Say("Good."), said=f"{one} is what I call this conversation")
    world.say(run("cat again.txt"), Say("Better."), said=f"and {other} the next", session=turn.session)
    world.say(Say("Best."), session=turn.session)
    assert "Best." in world.history(turn.session)


def test_in_what_a_model_knows_by_itself(world: World) -> None:
    KNOWN["the keys"] = f"The keys are {' and '.join(planted(world, 45, 49))}."
    _, turn = world.say(Recite("the keys"), agent="replies")
    assert turn.text == f"The keys are {' and '.join(f'SECRET_REF(PLANTED_{number})' for number in range(45, 50))}."


def test_a_search_would_find_them(tmp_path: Path) -> None:
    """In a file, across the pages of a database, and among the terms of its search index."""
    values = plant(6)
    words = [*values.values()]
    (tmp_path / "a.log").write_bytes(spellings(words[0])["base64, one byte in"])
    with closing(sqlite3.connect(tmp_path / "b.sqlite")) as database, database:
        database.execute("CREATE TABLE told (text TEXT)")
        database.execute("INSERT INTO told VALUES (?)", ["x" * 3000 + words[1] * 300])
        database.execute("CREATE VIRTUAL TABLE found USING fts5 (text, content='')")
        database.executemany("INSERT INTO found (text) VALUES (?)", [[words[2][:9] + "other"], [words[2]]])
    (tmp_path / "c.gz").write_bytes(gzip.compress(f"... {words[4]} ...".encode()))
    found = leaks(values, kept(tmp_path))
    assert {line.partition(",")[0] for line in found} == {f"PLANTED_0{number}" for number in (0, 1, 2, 4)}
    assert any("table told" in line for line in found)


def test_and_nowhere_that_anybody_else_could_read_it(world: World) -> None:
    sent = ((f"request {request.number} to the model", request.body) for request in world.model.requests)
    heads = ((f"target of request {request.number}", request.target.encode()) for request in world.model.requests)
    said = ((f"{method} to the messenger", raw) for method, raw in world.messenger.calls)
    assert leaks(world.values, [*sent, *heads, *said]) == []


def test_and_in_nothing_that_openclaw_keeps(world: World) -> None:
    values = {name: value for name, value in world.values.items() if name not in {CHATTED, RECITED}}
    assert leaks(values, kept(world.gateway.folder)) == []


def test_what_a_person_types_into_a_chat_stays_in_the_cache_of_that_channel_alone(world: World) -> None:
    """OpenClaw's Telegram keeps what has come in before any hook is asked, and no setting of it says otherwise."""
    state = "state/state/openclaw.sqlite"
    assert tables(world, CHATTED, state) <= {f"{state}, table plugin_state_entries"}


def test_what_a_model_past_the_edge_says_in_a_chat_is_kept_by_no_table_once_it_is_delivered(world: World) -> None:
    """Until then OpenClaw keeps it with the session, for a restart; a model behind the edge says no secret at all."""
    assert tables(world, RECITED, "state/agents/direct/agent/openclaw-agent.sqlite") == set()


def tables(world: World, name: str, database: str) -> set[str]:
    """Return the tables in which a secret stands; no other file than `database` may hold it."""
    places = [line.partition(": ")[2] for line in leaks({name: world.values[name]}, kept(world.gateway.folder))]
    assert [place for place in places if not place.startswith(database)] == []
    return {place.partition(" at ")[0] for place in places if ", table " in place}


def test_nor_in_what_edge_and_hub_keep(world: World) -> None:
    home = world.site.home
    vault = [path for path in home.path.iterdir() if path.name.startswith("vault.db")]
    left_out = [*vault, world.workspace, world.gateway.folder]
    assert leaks(world.values, kept(world.site.folder, leaving_out=left_out)) == []
    world.safety("audit", "verify")
