"""A row that was put back, or taken away, by somebody who has the file and no key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from safety_core.edge.vault import Vault, reseal
from safety_core.edge.vault_key import RawKey
from safety_core.errors import BrokenSealError
from safety_core.model.secret import SecretName, SecretValue, Use
from safety_core.model.terms import Terms
from safety_core.model.tool_call import AgentId

KEY = RawKey.of(b"\x01" * 32)
A, B = SecretName("a"), SecretName("b")
ONE, TWO = SecretValue("one"), SecretValue("two")
USE = Use(AgentId("other"), "exec", "call-1")
PUT_BACK = "lacks a row, or has one that was put back or changed, by somebody without its key"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.db"


@pytest.fixture
def vault(path: Path) -> Iterator[Vault]:
    with Vault.open(path, KEY) as here:
        here.put(A, ONE, now=1.0)
        here.put(B, ONE, now=1.0, terms=Terms(canary="aws"))
        yield here


def rows(path: Path, table: str = "secret") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(f"SELECT * FROM {table}").fetchall()


def put_back(path: Path, old: list[tuple[Any, ...]], table: str = "secret") -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"DELETE FROM {table}")
        db.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?)", old)


def test_a_wider_list_of_yesterday_is_not_lent_on(path: Path, vault: Vault) -> None:
    yesterday = rows(path)
    vault.change_terms(A, lambda terms: replace(terms, agents=frozenset({"main"})))
    vault.put(A, TWO, now=2.0)
    put_back(path, yesterday)
    for job in (lambda: vault.lend([A], USE, 3.0), vault.changes, vault.entries, lambda: vault.check([A], USE, 3.0)):
        with pytest.raises(BrokenSealError, match=PUT_BACK):
            job()
    with pytest.raises(BrokenSealError, match=PUT_BACK):
        Vault.open(path, KEY)


@pytest.mark.parametrize("statement", ["DELETE FROM secret WHERE name = 'b'", "DELETE FROM former"])
def test_a_row_that_was_taken_away_is_missed(path: Path, vault: Vault, statement: str) -> None:
    vault.rotate(A, TWO, now=2.0, overlap=9.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        assert db.execute(statement).rowcount == 1
    with pytest.raises(BrokenSealError, match=PUT_BACK):
        vault.changes()


def test_an_old_version_that_was_let_go_does_not_come_back(path: Path, vault: Vault) -> None:
    vault.rotate(A, TWO, now=2.0, overlap=9.0)
    old = rows(path, "former")
    vault.remove(A)
    put_back(path, old, "former")
    with pytest.raises(BrokenSealError, match=PUT_BACK):
        Vault.open(path, KEY)


def test_no_change_of_ours_makes_it_good(path: Path, vault: Vault) -> None:
    yesterday = rows(path)
    vault.change_terms(A, lambda terms: replace(terms, agents=frozenset({"main"})))
    put_back(path, yesterday)
    vault.put(SecretName("c"), ONE, now=3.0)
    vault.change_terms(A, lambda terms: replace(terms, tools=frozenset({"exec"})))
    reseal(vault)
    vault.remove(A)
    with pytest.raises(BrokenSealError, match=PUT_BACK):
        vault.changes()
    with pytest.raises(BrokenSealError, match=PUT_BACK):
        Vault.open(path, KEY)


def test_a_sum_that_was_exchanged_does_not_open(path: Path, vault: Vault) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE vault SET state = names")
    with pytest.raises(BrokenSealError):
        Vault.open(path, KEY)


def test_a_person_may_take_what_is_there(path: Path, vault: Vault) -> None:
    put_back(path, rows(path)[:1])
    with Vault.open(path, KEY, accept=True) as here:
        assert here.names() == (A,)
    with Vault.open(path, KEY) as here:
        assert here.get([A]) == {A: ONE}
    assert vault.get([A]) == {A: ONE}, "and who had it open goes on"


def test_the_rows_are_added_up_only_when_another_connection_has_written(
    path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safety_core.edge.vault.whole import Whole

    counted: list[int] = []
    there = Whole._there

    def looked(here: Whole, db: sqlite3.Connection) -> int:
        counted.append(1)
        return there(here, db)

    monkeypatch.setattr(Whole, "_there", looked)
    with Vault.open(path, KEY) as other:
        assert len(counted) == 1
        for number in range(5):
            vault.put(A, SecretValue(f"{number}"), now=2.0)
            vault.lend([A], USE, 2.0)
            vault.changes()
        assert len(counted) == 1
        other.put(A, TWO, now=3.0)
        vault.changes()
        vault.changes()
        assert len(counted) == 2
