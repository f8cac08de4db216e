"""What scanners found is kept, and does not fill the vault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from safety_core.edge.vault import Vault, keep_discoveries
from safety_core.edge.vault_key import RawKey
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.terms import Terms

OWN = SecretName("oven")


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with Vault.open(tmp_path / "vault.db", RawKey.of(b"\x01" * 32)) as here:
        here.put(OWN, SecretValue("of a person"), now=1.0)
        yield here


def found(*numbers: int) -> dict[SecretName, SecretValue]:
    return {SecretName(f"found_{number}"): SecretValue(f"value {number}") for number in numbers}


def test_the_oldest_gives_way_to_the_newest_and_a_persons_never(vault: Vault) -> None:
    keep_discoveries(vault, found(1, 2), 1.0, most=3)
    vault.rotate(SecretName("found_1"), SecretValue("a person's by now"), now=2.0)
    before = vault.generation
    keep_discoveries(vault, found(2, 3, 4, 5), 3.0, most=3)
    assert vault.names() == ("found_1", "found_3", "found_4", "found_5", OWN)
    changes = vault.changes(before)
    assert changes.values == found(3, 4, 5)
    assert not changes.whole
    assert changes.gone == {"found_2"}
    assert {entry.name: entry.terms.discovered for entry in vault.entries()}["found_3"]


def test_of_more_at_once_than_are_kept_the_first_are(vault: Vault) -> None:
    keep_discoveries(vault, found(1), 1.0, most=3)
    keep_discoveries(vault, found(*range(2, 20)), 2.0, most=3)
    assert vault.names() == ("found_2", "found_3", "found_4", OWN)


def test_what_is_there_stays_as_it_is(vault: Vault) -> None:
    keep_discoveries(vault, {OWN: SecretValue("a scanner's"), **found(1)}, 2.0, most=3)
    assert vault.get([OWN])[OWN] == SecretValue("of a person")
    assert [entry.terms for entry in vault.entries()] == [Terms(discovered=True), Terms()]
    before = vault.changes().values
    keep_discoveries(vault, found(1), 3.0, most=3)
    assert vault.changes().values == before
