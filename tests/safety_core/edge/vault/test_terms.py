"""Versions, overlap, terms, uses: what the vault keeps beside a value, and binds to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safety_core.edge.vault import UseEntry, Vault, Version
from safety_core.edge.vault.store import KEPT
from safety_core.edge.vault.told import Former, Sighting
from safety_core.edge.vault.uses import KEPT_USES
from safety_core.edge.vault_key import RawKey
from safety_core.errors import (
    BrokenSealError,
    CanaryError,
    ExpiredSecretError,
    ForbiddenSecretError,
    UnavailableError,
    UnknownSecretError,
)
from safety_core.model.secret import SecretName, SecretValue, Use
from safety_core.model.terms import Terms
from safety_core.model.tool_call import AgentId

KEY = RawKey.of(b"\x01" * 32)
A, B, PREVIOUS = SecretName("a"), SecretName("b"), SecretName("a.previous")
ONE, TWO, THREE = SecretValue("one"), SecretValue("two"), SecretValue("three")
USE = Use(AgentId("main"), "exec", "call-1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.db"


@pytest.fixture
def vault(path: Path) -> Iterator[Vault]:
    with Vault.open(path, KEY) as here:
        yield here


def only(*agents: str) -> Callable[[Terms], Terms]:
    return lambda terms: replace(terms, agents=frozenset(agents))


def test_an_old_value_counts_until_its_overlap_ends(vault: Vault) -> None:
    vault.put(A, ONE, now=1.0)
    vault.rotate(A, TWO, now=10.0, overlap=5.0)
    vault.rotate(A, THREE, now=12.0, overlap=5.0)
    changes = vault.changes(now=14.0)
    assert changes.values == {A: THREE}
    assert changes.formers == {A: (Former(1, 15.0, ONE), Former(2, 17.0, TWO))}
    assert vault.changes(now=15.0).formers == {A: (Former(2, 17.0, TWO),)}
    assert vault.changes(now=17.0).formers == {}
    assert vault.lend([PREVIOUS, A], USE, 16.0) == {PREVIOUS: TWO, A: THREE}
    with pytest.raises(UnknownSecretError, match=r"secret a\.previous"):
        vault.lend([PREVIOUS], USE, 17.0)


def test_without_an_overlap_an_old_value_no_longer_counts_and_is_kept(vault: Vault) -> None:
    vault.put(A, ONE, now=1.0)
    vault.put(A, TWO, now=2.0)
    assert vault.changes(now=0.0).formers == {}
    assert vault.versions(A) == (Version(1, 1.0), Version(2, 2.0, current=True))
    vault.roll_back(A, 1, now=3.0, overlap=1.0)
    assert vault.get([A]) == {A: ONE}
    assert vault.versions(A)[1:] == (Version(2, 2.0, 4.0), Version(3, 3.0, current=True))
    with pytest.raises(UnknownSecretError, match="has no version 9 that is kept"):
        vault.roll_back(A, 9, now=4.0)


def test_so_many_versions_are_kept_and_those_that_count(vault: Vault) -> None:
    vault.put(A, ONE, now=1.0)
    vault.rotate(A, ONE, now=1.0, overlap=100.0)
    for _ in range(KEPT + 5):
        vault.rotate(A, TWO, now=2.0)
    numbers = [version.number for version in vault.versions(A)]
    assert numbers == [1, *range(7, KEPT + 8)]
    vault.remove(A)
    with pytest.raises(UnknownSecretError):
        vault.versions(A)
    vault.put(A, ONE, now=3.0)
    assert [version.number for version in vault.versions(A)] == [1]


def test_what_a_scanner_found_leaves_no_version(vault: Vault) -> None:
    vault.put(A, ONE, now=1.0, discovered=True)
    vault.put(A, TWO, now=2.0)
    assert vault.versions(A) == (Version(2, 2.0, current=True),)


def test_terms_hold_for_each_value_that_follows(vault: Vault) -> None:
    vault.put(A, ONE, now=1.0)
    vault.change_terms(A, only("main"))
    vault.change_terms(A, lambda terms: terms.lasting(100.0, 1.0))
    vault.rotate(A, TWO, now=51.0)
    (entry,) = vault.entries()
    assert entry.terms == Terms(agents=frozenset({"main"}), expires=151.0, lifetime=100.0)
    assert entry.version == 2
    with pytest.raises(UnknownSecretError):
        vault.change_terms(B, only())


def test_a_change_of_terms_is_a_change_that_is_seen(vault: Vault) -> None:
    vault.put(A, ONE, now=1.0)
    before = vault.generation
    vault.change_terms(A, lambda terms: replace(terms, canary="aws"))
    assert vault.changes(before).canaries == {A}


def test_it_is_lent_on_its_terms(vault: Vault) -> None:
    vault.put(A, ONE, now=1.0)
    vault.rotate(A, TWO, now=1.0, overlap=1000.0)
    vault.change_terms(A, only("other"))
    for name in (A, PREVIOUS):
        with pytest.raises(ForbiddenSecretError):
            vault.lend([name], USE, 2.0)
        with pytest.raises(ForbiddenSecretError):
            vault.check([name], USE, 2.0)
    vault.change_terms(A, lambda terms: replace(terms, agents=None, expires=5.0))
    assert vault.lend([A], USE, 4.9) == {A: TWO}
    with pytest.raises(ExpiredSecretError):
        vault.lend([A], USE, 5.0)
    vault.put(B, ONE, now=1.0, terms=Terms(canary="aws"))
    with pytest.raises(CanaryError):
        vault.check([B], USE, 2.0)
    assert [use.at for use in vault.uses(A, 9)] == [4.9], "what is refused is no use"


def test_uses_are_logged_and_bounded(vault: Vault) -> None:
    vault.put(A, ONE, now=1.0)
    vault.put(B, ONE, now=1.0)
    vault.rotate(A, TWO, now=1.0, overlap=1000.0)
    vault.lend([A, B], USE, 2.0)
    vault.lend([PREVIOUS], replace(USE, call="call-2"), 3.0)
    vault.lend([A], USE, 4.0, note=False)
    vault.check([A], USE, 4.0)
    assert vault.uses(A, 9) == (
        UseEntry(2.0, A, 2, "main", "exec", "call-1"),
        UseEntry(3.0, A, 1, "main", "exec", "call-2"),
    )
    assert vault.hand(A, replace(USE, agent=AgentId("x" * 999)), 5.0) == TWO
    assert [len(use.agent) for use in vault.uses(A, 9)] == [4, 4, 200]
    vault._connection.execute("PRAGMA synchronous = OFF")
    for number in range(KEPT_USES + 3):
        vault.lend([B], USE, float(number))
    kept = vault.uses(B, KEPT_USES * 2)
    assert (len(kept), kept[-1].at) == (KEPT_USES, KEPT_USES + 2.0)
    assert len(vault.uses(A, 9)) == 3
    vault.remove(B)
    assert vault.uses(B, 1) == kept[-1:], "what was done with it is told also when it is gone"


def test_a_use_that_cannot_be_logged_does_not_happen(vault: Vault) -> None:
    vault.put(A, ONE, now=1.0)
    vault._connection.execute("DROP TABLE use")
    with pytest.raises(UnavailableError):
        vault.lend([A], USE, 2.0)


def test_sightings_are_summed(vault: Vault) -> None:
    vault.saw(A, 2, 5.0)
    vault.saw(A, 1, 7.0)
    assert vault.sightings() == (Sighting(A, 3, 7.0),)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE former SET until = 1e9",
        "UPDATE former SET version = 7",
        "UPDATE former SET changed = 7",
        "UPDATE former SET name = 'b'",
        "UPDATE former SET sealed = (SELECT sealed FROM secret WHERE name = 'a')",
        "UPDATE secret SET sealed = (SELECT sealed FROM former) WHERE name = 'a'",
    ],
)
def test_an_earlier_version_is_bound_to_its_place_too(path: Path, vault: Vault, statement: str) -> None:
    vault.put(A, ONE, now=1.0)
    vault.put(B, ONE, now=1.0)
    vault.rotate(A, TWO, now=1.0, overlap=10.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        assert db.execute(statement).rowcount == 1
    with pytest.raises(BrokenSealError):
        vault.changes(now=2.0)


def test_nobody_widens_a_list_with_the_terms_of_another_secret(path: Path, vault: Vault) -> None:
    vault.put(A, ONE, now=1.0, terms=Terms(agents=frozenset({"main"})))
    vault.put(B, ONE, now=1.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE secret SET terms = (SELECT terms FROM secret WHERE name = 'b') WHERE name = 'a'")
    for job in (
        vault.entries,
        lambda: vault.check([A], USE, 1.0),
        lambda: vault.versions(A) and vault.get([A]),
    ):
        with pytest.raises(BrokenSealError, match="secret a"):
            job()


ACTS = st.lists(st.tuples(st.sampled_from(["put", "rotate", "back", "wait"]), st.integers(0, 3)), max_size=12)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_whatever_is_done_the_values_that_count_are_those_of_a_plain_list(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    """Against a model: a list of (version, value, until)."""
    now, kept = 1.0, [(1, "value 1", 0.0)]
    with Vault.open(tmp_path_factory.mktemp("vault") / "vault.db", KEY) as vault:
        vault.put(A, SecretValue("value 1"), now=now)
        for act, number in acts:
            version, _, _ = kept[-1]
            if act == "wait":
                now += number
                continue
            value, until = f"value {version + 1}", 0.0 if act == "put" or not number else now + number
            if act == "put":
                vault.put(A, SecretValue(value), now=now)
            elif act == "rotate":
                vault.rotate(A, SecretValue(value), now=now, overlap=number)
            elif len(kept) > 1:
                older = kept[-1 - min(number + 1, len(kept) - 1)]
                value = older[1]
                vault.roll_back(A, older[0], now=now, overlap=number)
            else:
                continue
            kept[-1] = (version, kept[-1][1], until)
            kept.append((version + 1, value, 0.0))
        told = vault.changes(now=now)
        assert told.values == {A: SecretValue(kept[-1][1])}
        counting = tuple(Former(number, until, SecretValue(text)) for number, text, until in kept[:-1] if until > now)
        assert told.formers.get(A, ()) == counting
