"""The registry follows the vault step by step, whoever writes to it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from sqlite3 import Connection

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.secrets import MISSED, SHARE, STEPS, Secrets
from safety_core.bundle.samples import characters
from safety_core.edge import clock
from safety_core.edge.vault import LOGGED, Vault
from safety_core.edge.vault.discoveries import MOST
from safety_core.edge.vault.seals import Row
from safety_core.edge.vault_key import RawKey
from safety_core.errors import BrokenSealError
from safety_core.model.secret import PROMPT, SecretName, SecretValue, Use
from safety_core.model.tool_call import AgentId

KEY = RawKey.of(b"3" * 32)
OVEN = SecretName("OVEN")
USE = Use(AgentId("main"), "exec", "call-1")


def value_of(name: str, version: int = 1) -> SecretValue:
    return SecretValue(characters(24, "alnum", f"{name} {version}"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.db"


@pytest.fixture
def vault(path: Path) -> Iterator[Vault]:
    with Vault.open(path, KEY) as here:
        yield here


@pytest.fixture
def elsewhere(path: Path, vault: Vault) -> Iterator[Vault]:
    with Vault.open(path, KEY) as other:
        yield other


def told(secrets: Secrets, value: SecretValue) -> str:
    return secrets.current().text(f"x {value.reveal()}").text


async def test_who_prints_thousands_of_secrets_fills_neither_vault_nor_memory(vault: Vault) -> None:
    secrets = Secrets(vault)
    for turn in range(3):
        await secrets.remember({SecretName(f"found_{turn}_{n}"): value_of(f"{turn} {n}") for n in range(700)})
    assert len(secrets) == len(vault.names()) == MOST
    assert told(secrets, value_of("2 699")) == "x SECRET_REF(found_2_699)"


async def test_one_more_secret_opens_one_more_value(
    vault: Vault, elsewhere: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        elsewhere.put(SecretName(f"S{number}"), value_of(f"S{number}"), now=1.0)
    secrets = Secrets(vault)
    await secrets.refresh()
    opened: list[str] = []
    unsealed = Vault._value

    def counted(here: Vault, db: Connection, row: Row) -> SecretValue:
        opened.append(row.name)
        return unsealed(here, db, row)

    monkeypatch.setattr(Vault, "_value", counted)
    elsewhere.put(OVEN, value_of("OVEN"), now=1.0)
    await secrets.refresh()
    await secrets.refresh()
    assert opened == ["OVEN"]
    assert len(secrets) == 41
    assert told(secrets, value_of("OVEN")) == "x SECRET_REF(OVEN)"


async def test_what_was_rotated_removed_and_put_back(vault: Vault, elsewhere: Vault) -> None:
    first, second, third = (value_of("OVEN", version) for version in (1, 2, 3))
    secrets = Secrets(vault)
    elsewhere.put(OVEN, first, now=1.0)
    await secrets.refresh()
    elsewhere.rotate(OVEN, second, now=2.0)
    await secrets.refresh()
    assert told(secrets, second) == "x SECRET_REF(OVEN)"
    assert "OVEN" not in told(secrets, first)
    elsewhere.remove(OVEN)
    elsewhere.put(OVEN, third, now=3.0)
    await secrets.refresh()
    assert [told(secrets, value) == "x SECRET_REF(OVEN)" for value in (first, second, third)] == [False, False, True]
    elsewhere.remove(OVEN)
    await secrets.refresh()
    assert len(secrets) == 0
    assert "OVEN" not in told(secrets, third)


@pytest.mark.parametrize(("before", "count"), [(0, STEPS + 4), (SHARE * STEPS * 2, STEPS + 4), (0, LOGGED + 4)])
async def test_many_changes_at_once(vault: Vault, elsewhere: Vault, before: int, count: int) -> None:
    elsewhere._connection.execute("PRAGMA synchronous = OFF")  # the disk is not what is tested
    secrets = Secrets(vault)
    elsewhere.put(OVEN, value_of("OVEN"), now=1.0)
    for number in range(before):
        elsewhere.put(SecretName(f"B{number}"), value_of(f"B{number}"), now=1.0)
    await secrets.refresh()
    elsewhere.remove(OVEN)
    names = [SecretName(f"S{number}") for number in range(STEPS + 4)]
    for number in range(count):
        name = names[number % len(names)]
        elsewhere.put(name, value_of(name, number // len(names)), now=1.0)
    await secrets.refresh()
    assert len(secrets) == len(names) + before
    assert "OVEN" not in told(secrets, value_of("OVEN"))
    assert told(secrets, elsewhere.get(names)[names[0]]) == "x SECRET_REF(S0)"


async def test_a_secret_set_by_another_process_is_known_to_the_next_request(path: Path, vault: Vault) -> None:
    secrets = Secrets(vault)
    await secrets.refresh()
    script = (
        "import sys; from pathlib import Path; from safety_core.edge.vault import Vault;"
        "from safety_core.edge.vault_key import RawKey; from safety_core.model.secret import *;"
        "Vault.open(Path(sys.argv[1]), RawKey.of(b'3' * 32))"
        ".put(SecretName('OVEN'), SecretValue(sys.stdin.read()), now=1.0)"
    )
    value = value_of("OVEN")
    run = partial(subprocess.run, input=value.reveal(), text=True, check=True, timeout=60)
    await asyncio.to_thread(run, [sys.executable, "-c", script, path])
    await secrets.refresh()
    assert told(secrets, value) == "x SECRET_REF(OVEN)"


async def test_a_value_that_does_not_open_is_asked_for_again(vault: Vault, elsewhere: Vault) -> None:
    secrets = Secrets(vault)
    await secrets.refresh()
    elsewhere.put(OVEN, value_of("OVEN"), now=1.0)
    elsewhere._connection.execute("UPDATE secret SET version = 7")
    for _ in range(2):
        with pytest.raises(BrokenSealError):
            await secrets.refresh()
    elsewhere._connection.execute("UPDATE secret SET version = 1")
    await secrets.refresh()
    assert told(secrets, value_of("OVEN")) == "x SECRET_REF(OVEN)"


@pytest.mark.parametrize("others", [0, STEPS + 1])
async def test_a_common_word_that_a_scanner_found_is_kept_and_not_looked_for(vault: Vault, others: int) -> None:
    """A model's name beside `token =` would otherwise be torn out of every request that names the model."""
    found, word = SecretName("found_assigned_1"), SecretValue("gpt-4o-mini")
    better = SecretName("found_assigned_2")
    secrets = Secrets(vault)
    await secrets.refresh()
    for number in range(others):
        vault.put(SecretName(f"S{number}"), value_of(f"S{number}"), now=1.0)
    await secrets.remember({found: word, better: value_of("better")})
    assert secrets.lend((found,), USE) == {found: word}
    assert told(secrets, word) == "x gpt-4o-mini"
    assert told(secrets, value_of("better")) == "x SECRET_REF(found_assigned_2)"
    vault.rotate(found, value_of("found"), now=2.0)
    await secrets.refresh()
    assert told(secrets, value_of("found")) == "x SECRET_REF(found_assigned_1)"


NAMES = st.sampled_from([SecretName(f"S{number}") for number in range(4)])
STEPS_TAKEN = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NAMES, st.integers(1, 3)),
        st.tuples(st.just("remove"), NAMES, st.just(0)),
        st.tuples(st.just("refresh"), NAMES, st.just(0)),
    ),
    max_size=20,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS_TAKEN)
async def test_whatever_happens_it_knows_what_the_vault_holds(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, SecretName, int]]
) -> None:
    path = tmp_path_factory.mktemp("vault") / "vault.db"
    with Vault.open(path, KEY) as vault, Vault.open(path, KEY) as elsewhere:
        secrets = Secrets(vault)
        for step, name, version in steps:
            if step == "put":
                elsewhere.put(name, value_of(name, version), now=1.0)
            elif step == "remove" and name in elsewhere.names():
                elsewhere.remove(name)
            elif step == "refresh":
                await secrets.refresh()
        await secrets.refresh()
        kept = elsewhere.changes().values
        assert secrets._known == kept
        for name in (SecretName(f"S{number}") for number in range(4)):
            for version in (1, 2, 3):
                value = value_of(name, version)
                assert (told(secrets, value) == f"x SECRET_REF({name})") == (kept.get(name) == value)


def access_key(version: int) -> SecretValue:
    parts = {"secret_access_key": 40, "session_token": 1200}
    fields = {name: characters(length, "alnum", f"{name} {version}") for name, length in parts.items()}
    return SecretValue(json.dumps({"region": "eu-central-1", "number": 7, **fields}))


async def test_the_texts_of_a_json_object_are_secrets_of_their_own(vault: Vault) -> None:
    secrets = Secrets(vault)
    for number in range(40):
        vault.put(SecretName(f"S{number}"), value_of(f"S{number}"), now=1.0)
    await secrets.refresh()
    name = SecretName("A" * 64)
    keys = [access_key(version) for version in (1, 2)]
    for key, other in (keys, keys[::-1]):
        vault.put(name, key, now=1.0)
        await secrets.refresh()
        fields = json.loads(key.reveal())
        for part in (fields["secret_access_key"], fields["session_token"], fields["secret_access_key"][3:22]):
            assert told(secrets, SecretValue(part)).startswith("x SECRET_REF(A")
        assert told(secrets, SecretValue("in eu-central-1")) == "x in eu-central-1"
        older = json.loads(other.reveal())["secret_access_key"]
        assert "SECRET_REF(A" not in told(secrets, SecretValue(older))
        assert name in secrets.names()
    vault.remove(name)
    await secrets.refresh()
    kept = json.loads(keys[0].reveal())["secret_access_key"]
    assert "SECRET_REF(A" not in told(secrets, SecretValue(kept))


async def test_what_only_looks_like_a_json_object_is_one_secret(vault: Vault) -> None:
    secrets = Secrets(vault)
    value = SecretValue("{" + characters(30, "alnum", "brace"))
    vault.put(OVEN, value, now=1.0)
    await secrets.refresh()
    assert told(secrets, value) == "x SECRET_REF(OVEN)"


async def test_an_old_value_is_taken_out_under_the_same_name_until_its_overlap_ends(
    vault: Vault, elsewhere: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(clock, "now", lambda: now)
    first, second, third = (value_of("OVEN", version) for version in (1, 2, 3))
    secrets = Secrets(vault)
    elsewhere.put(OVEN, first, now=1.0)
    await secrets.refresh()
    elsewhere.rotate(OVEN, second, now=now, overlap=60.0)
    elsewhere.rotate(OVEN, third, now=now, overlap=30.0)
    for again in (secrets, Secrets(vault)):
        now = 100.0
        await again.refresh()
        assert [told(again, value) for value in (first, second, third)] == ["x SECRET_REF(OVEN)"] * 3
        assert (len(again), again.names()) == (1, (OVEN,))
        refs = {needle["ref"] for needle in (await again.needles())["needles"]}  # type: ignore[union-attr, index]
        assert refs == {"SECRET_REF(OVEN)"}
        now = 130.0
        await again.refresh()
        assert [told(again, value) == "x SECRET_REF(OVEN)" for value in (first, second, third)] == [True, False, True]
        now = 160.0
        await again.refresh()
        assert [told(again, value) == "x SECRET_REF(OVEN)" for value in (first, second, third)] == [False, False, True]
    assert secrets.lend((OVEN,), USE) == {OVEN: third}


async def test_an_old_value_goes_with_its_secret(vault: Vault) -> None:
    first, second = (value_of("OVEN", version) for version in (1, 2))
    secrets = Secrets(vault)
    vault.put(OVEN, first, now=1.0)
    vault.rotate(OVEN, second, now=clock.now(), overlap=60.0)
    await secrets.refresh()
    assert secrets.lend((SecretName("OVEN.previous"),), USE) == {SecretName("OVEN.previous"): first}
    vault.remove(OVEN)
    await secrets.refresh()
    assert ["OVEN" in told(secrets, value) for value in (first, second)] == [False, False]
    assert secrets._known == {}


async def test_what_is_gone_is_not_in_memory_any_more(vault: Vault) -> None:
    secrets = Secrets(vault)
    for name in ("OVEN", "SHOP"):
        vault.put(SecretName(name), value_of(name), now=1.0)
    await secrets.refresh()
    vault.remove(OVEN)
    vault.rotate(SecretName("SHOP"), value_of("SHOP", 2), now=2.0)
    await secrets.refresh()
    assert [*secrets._registry._index.values] == [value_of("SHOP", 2)]


async def test_prompts_with_a_key_are_logged_once_a_minute(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(clock, "now", lambda: now)
    secrets = Secrets(vault)
    vault.put(OVEN, value_of("OVEN"), now=1.0)
    for agent, at in (("main", 100.0), ("main", 159.0), ("other", 159.0), ("main", 160.0)):
        now = at
        secrets.lend((OVEN,), Use(AgentId(agent), PROMPT, "exchange"))
    assert [(use.agent, use.at) for use in vault.uses(OVEN, 9)] == [("main", 100.0), ("other", 159.0), ("main", 160.0)]
    for number in range(MISSED + 3):
        secrets.lend((OVEN,), Use(AgentId(f"a{number}"), PROMPT, "exchange"))
    assert len(secrets._noted) <= MISSED
