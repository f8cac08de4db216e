"""`safety hub person` and `safety hub passkey`, as an admin types them."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from hub.app import opened
from hub.people import directory, pinning
from hub.settings import Settings
from hub.store import passkeys, people
from hub.store.passkeys import Passkey
from safety_core.cli.main import run
from safety_core.edge.shipped import bundle_of, shipped_sources
from safety_core.model.level import Level
from safety_core.model.policy import KeyKind
from tests.simulators.arriving import joined
from tests.simulators.hub import RunningHub
from tests.simulators.visitors import person_with

Answer = tuple[int, str, str]


def safety(capfd: pytest.CaptureFixture[str], data: Path, *arguments: str) -> Answer:
    capfd.readouterr()
    status = run(["hub", "--data", str(data), *arguments])
    return (status, *capfd.readouterr())


def test_people_are_added_given_roles_invited_and_shut_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def person(*arguments: str) -> Answer:
        return safety(capfd, tmp_path, "person", *arguments)

    safety(capfd, tmp_path, "init")
    safety(capfd, tmp_path, "tenant", "add", "acme")
    status, link, _ = person("add", "Olga", "--email", "olga@example.com", "--role", "owner", "--tenant", "acme")
    assert status == 0
    assert re.fullmatch(r"http://localhost:8200/invite/[\w-]{43}\n", link)
    assert person("invite", "Olga")[1] != link
    assert person("give", "Olga", "--role", "viewer") == (0, "", "")
    assert person("list")[1] == "Olga  owner at acme, viewer at every tenant\n"
    assert person("take", "Olga", "--role", "viewer") == (0, "", "")
    assert person("take", "Olga", "--role", "viewer")[2] == "error: role viewer: is not held by Olga there\n"
    assert person("add", "Olga")[0] == 1
    assert person("shut-out", "Olga") == (0, "", "")
    assert person("list")[1] == "Olga  shut out\n"
    assert "is not there, or is shut out" in person("invite", "Olga")[2]
    assert person("let-in", "Olga") == (0, "", "")
    assert person("let-in", "Olga")[2] == "error: person Olga: is not shut out\n"
    assert person("list")[1] == "Olga  owner at acme\n"
    assert person("add", "Ivan", "--role", "owner", "--tenant", "nowhere")[0] == 1
    assert safety(capfd, tmp_path, "passkey", "list") == (0, "", "")


def test_an_approver_is_a_person_with_a_token(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    safety(capfd, tmp_path, "init")
    safety(capfd, tmp_path, "tenant", "add", "acme")
    safety(capfd, tmp_path, "approver", "add", "acme", "Olga")
    safety(capfd, tmp_path, "publisher", "add", "acme", "Olga")
    assert safety(capfd, tmp_path, "person", "list")[1] == "Olga  author at acme, owner at acme\n"
    safety(capfd, tmp_path, "person", "shut-out", "Olga")
    status, _, said = safety(capfd, tmp_path, "approver", "add", "acme", "Olga")
    assert (status, "shut out" in said) == (1, True)


async def test_what_is_printed_is_what_policy_pins(small_hub: RunningHub) -> None:
    for name in ("Olga", 'Eve "the # first"\'', "Жанна: [1]"):
        await joined(small_hub, await person_with(small_hub, name, ("owner", "acme")))
    printed = await pinning.pins(small_hub.context)
    found = bundle_of({**shipped_sources(), "approvers.yaml": printed.encode()}).policy.approvers
    assert {name for key in found for name in key.names} == {"Olga", 'Eve "the # first"\'', "Жанна: [1]"}
    assert {(key.kind, key.up_to, key.site) for key in found} == {
        (KeyKind.PASSKEY, Level.CRITICAL_RED, small_hub.context.settings.origin)
    }


async def test_who_is_shut_out_is_pinned_no_more(small_hub: RunningHub) -> None:
    olga = await person_with(small_hub, "Olga")
    await joined(small_hub, olga)
    await directory.shut_out(small_hub.context, olga)
    assert await pinning.pins(small_hub.context) == ""


def test_a_passkeys_name_stays_in_its_comment() -> None:
    entry = pinning.pin(Passkey("c", "p", "a\n  - id: evil", b"", b"", 0, 0.0), "Olga", "https://hub.example")
    assert len(entry.splitlines()) == 6


def test_who_held_a_token_before_there_were_people_is_one_now(tmp_path: Path) -> None:
    """A database of the version before is brought to the newest schema."""
    from alembic import command
    from sqlalchemy import Connection, text

    from hub.keys import create_keys
    from hub.migrations.migrate import config_for
    from hub.store.engine import open_database

    def before(connection: Connection) -> None:
        command.upgrade(config_for(connection), "0003")
        connection.execute(text("INSERT INTO tenants (id, created) VALUES ('acme', 1), ('other', 1)"))
        connection.execute(
            text(
                "INSERT INTO tokens (hash, kind, tenant, name, created) VALUES ('a', 'approver', 'acme', 'Olga', 1),"
                " ('b', 'approver', 'other', 'Olga', 2), ('c', 'publisher', 'acme', 'ci', 3),"
                " ('d', 'register', 'acme', 'edge', 4)"
            )
        )

    async def found() -> list[str]:
        database = open_database(f"sqlite:///{tmp_path / 'hub.db'}")
        async with database.write() as connection:
            await connection.run_sync(before)
        await database.close()
        create_keys(tmp_path / "keys")
        async with opened(Settings(tmp_path)) as context:
            return list(await directory.describe(context))

    assert asyncio.run(found()) == ["Olga  owner at acme, owner at other", "ci  author at acme"]


async def test_stores_find_nobody_where_there_is_nobody(hub: RunningHub) -> None:
    async with hub.context.database.write() as connection:
        assert await people.find(connection, "x") is None
        assert await people.named(connection, "x") is None
        assert await passkeys.find(connection, "x") is None
        assert await passkeys.of_person(connection, "x") == ()
        assert await people.use_invite(connection, "x", 0.0) is None
        assert not await passkeys.rename(connection, "x", "y", "z")
