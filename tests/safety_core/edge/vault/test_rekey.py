"""Other keys for a vault: while others read and write it, and whatever is stopped in the middle."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from nacl import pwhash

from safety_core.edge import vault_key
from safety_core.edge.home import Home
from safety_core.edge.key_file import create_key_file, read_key_file
from safety_core.edge.vault import Vault, change_key, exchange_key_file, finish_key, rekey, reseal
from safety_core.edge.vault_key import Passphrase, RawKey, find_vault_key
from safety_core.errors import BrokenSealError, SecretError
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.terms import Terms

COUNT = 24
NEW = RawKey.of(b"\x02" * 32)


def names() -> list[SecretName]:
    return [SecretName(f"s{number}") for number in range(COUNT)]


def value_of(name: str, version: int = 2) -> SecretValue:
    return SecretValue(f"value {version} of {name}")


def opened(home: Home) -> Vault:
    found = partial(find_vault_key, home, {})
    return Vault.open(home.vault, found(), fresh=found)


def fill(vault: Vault) -> None:
    vault._connection.execute("PRAGMA synchronous = OFF")  # the disk is not what is tested
    for name in names():
        vault.put(name, value_of(name, 1), now=1.0, terms=Terms(agents=frozenset({"main"})))
        vault.rotate(name, value_of(name), now=2.0, overlap=1e9)


def is_whole(vault: Vault) -> None:
    changes = vault.changes(now=3.0)
    assert changes.values == {name: value_of(name) for name in names()}
    old = {name: former.value for name, (former,) in changes.formers.items()}
    assert old == {name: value_of(name, 1) for name in names()}
    assert {entry.terms for entry in vault.entries()} == {Terms(agents=frozenset({"main"}))}


def keys_in(vault: Vault) -> set[str]:
    found = "SELECT key_id FROM secret UNION SELECT key_id FROM former UNION SELECT names_key_id FROM vault"
    used = {key for (key,) in vault._connection.execute(found)}
    assert {key for (key,) in vault._connection.execute("SELECT key_id FROM wrap")} == used
    return used


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


@pytest.fixture
def vault(home: Home) -> Iterator[Vault]:
    with opened(home) as here:
        fill(here)
        yield here


def test_who_comes_second_takes_no_key_away(home: Home, vault: Vault) -> None:
    with opened(home) as second:
        exchange_key_file(vault, home.vault_key)
        with pytest.raises(SecretError, match="was given another key meanwhile"):
            exchange_key_file(second, home.vault_key)
    with opened(home) as here:
        is_whole(here)


def test_who_is_overtaken_takes_no_key_away(home: Home, vault: Vault) -> None:
    key = RawKey.of(create_key_file(home.keys / "vault.key.next"))
    change_key(vault, key)
    with opened(home) as second:
        exchange_key_file(second, home.vault_key)
    with pytest.raises(SecretError, match="was given another key meanwhile"):
        finish_key(vault)
    with opened(home) as here:
        is_whole(here)


def test_two_that_exchange_the_key_file_at_once_leave_one_that_opens(home: Home, vault: Vault) -> None:
    script = (
        "import sys; from pathlib import Path; from functools import partial\n"
        "from safety_core.edge.home import Home; from safety_core.edge.vault import Vault, exchange_key_file\n"
        "from safety_core.edge.vault_key import find_vault_key\n"
        "home = Home(Path(sys.argv[1])); vault = Vault.open(home.vault, find_vault_key(home, {}))\n"
        "print('open', flush=True); sys.stdin.read(); exchange_key_file(vault, home.vault_key)\n"
    )
    argv = [sys.executable, "-c", script, str(home.path)]
    both = [
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == b"open\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.close()
    assert sorted(one.wait(60) for one in both) == [0, 1]
    for one in both:
        assert one.stdout is not None
        one.stdout.close()
    with opened(home) as here:
        is_whole(here)


def test_every_value_is_under_a_fresh_key(home: Home, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rekey, "BATCH", 5)
    (before,), tenant_key = keys_in(vault), vault.tenant_key
    boxes = {box for (box,) in vault._connection.execute("SELECT sealed FROM secret UNION SELECT sealed FROM former")}
    assert reseal(vault) == 2 * COUNT
    (after,) = keys_in(vault)
    assert after != before
    is_whole(vault)
    assert vault.tenant_key == tenant_key
    raw = b"".join(path.read_bytes() for path in home.path.iterdir() if path.name.startswith("vault.db"))
    assert not [box for box in boxes if box in raw], "what the old key sealed is in no corner of the file"
    assert before.encode() not in raw


def test_a_new_key_from_outside_opens_it_beside_the_old_one_and_then_alone(home: Home, vault: Vault) -> None:
    old = find_vault_key(home, {})
    change_key(vault, NEW)
    for key in (old, NEW):
        with Vault.open(home.vault, key) as other:
            is_whole(other)
    assert reseal(vault) == 2 * COUNT
    for key in (old, NEW):
        with Vault.open(home.vault, key) as other:
            is_whole(other)
    with Vault.open(home.vault, NEW) as other:
        assert finish_key(other) == 1
        assert finish_key(other) == 0
    with pytest.raises(BrokenSealError):
        Vault.open(home.vault, old)
    with Vault.open(home.vault, NEW) as other:
        is_whole(other)


def test_values_are_not_sealed_anew_while_a_key_opens_it_that_is_not_at_hand(home: Home, vault: Vault) -> None:
    change_key(vault, NEW)
    with opened(home) as other, pytest.raises(SecretError, match="is opened by another key as well") as caught:
        reseal(other)
    assert caught.value.fix.startswith("safety secret rekey --finish")


def test_a_key_file_is_exchanged_and_a_passphrase_too(
    home: Home, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_key, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
    old = read_key_file(home.vault_key)
    exchange_key_file(vault, home.vault_key)
    assert read_key_file(home.vault_key) != old
    assert sorted(path.name for path in home.keys.iterdir()) == ["vault.key"]
    with pytest.raises(BrokenSealError):
        Vault.open(home.vault, RawKey.of(old))
    words = Passphrase(SecretValue("correct horse battery"))
    with opened(home) as other:
        is_whole(other)
        change_key(other, words)
        finish_key(other)
    with Vault.open(home.vault, words) as other:
        is_whole(other)


KILLED = """
import os, sys
from functools import partial
from pathlib import Path
from safety_core.edge.home import Home
from safety_core.edge.vault import exchange_key_file, rekey, reseal, store
from safety_core.edge.vault_key import find_vault_key

EDGES = ("BEGIN", "COMMIT", "DELETE FROM wrap", "INSERT INTO wrap", "UPDATE vault SET key_id", "PRAGMA wal")
home, last, steps, connect = Home(Path(sys.argv[1])), int(sys.argv[2]), 0, store.connect
rekey.BATCH = 9

def step(*_):
    global steps
    steps += 1
    if steps == last:
        os.kill(os.getpid(), 9)

def traced(*arguments):
    connection = connect(*arguments)
    connection.set_trace_callback(lambda statement: step() if statement.startswith(EDGES) else None)
    return connection

def hooked(event, arguments):
    if event in {"open", "os.rename", "os.remove"} and "vault.key" in str(arguments[0]):
        step()

store.connect = traced
found = partial(find_vault_key, home, {})
with store.Vault.open(home.vault, found(), fresh=found) as vault:
    sys.addaudithook(hooked)
    steps = 0
    exchange_key_file(vault, home.vault_key)
    reseal(vault)
print(steps)
"""


def run_until(home: Home, step: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", KILLED, str(home.path), str(step)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_killed_at_any_step_it_opens_and_is_gone_on_with(home: Home, vault: Vault, tmp_path: Path) -> None:
    """Where a transaction begins and ends, what it does to the keys, and what is done to the key file: every step."""
    tenant_key = vault.tenant_key
    vault.close()
    whole = run_until(Home(shutil.copytree(home.path, tmp_path / "whole")), -1)
    assert whole.stderr == ""
    steps = int(whole.stdout)
    assert 25 <= steps <= 60
    for step in range(1, steps + 1):
        one = Home(shutil.copytree(home.path, tmp_path / str(step)))
        with opened(one) as all_the_time:
            assert run_until(one, step).returncode == -9
            is_whole(all_the_time)
        with opened(one) as after:
            is_whole(after)
            assert after.tenant_key == tenant_key
            exchange_key_file(after, one.vault_key)
            reseal(after)
            assert len(keys_in(after)) == 1
            is_whole(after)


READER = """
import json, sys, threading
from functools import partial
from pathlib import Path
from safety_core.edge.home import Home
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.model.secret import SecretName, SecretValue, Use

home, found, done = Home(Path(sys.argv[1])), partial(find_vault_key, Home(Path(sys.argv[1])), {}), threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
reads, wrong, since, written = 0, [], None, 0
with Vault.open(home.vault, found(), fresh=found) as vault:
    vault._connection.execute("PRAGMA synchronous = OFF")
    print("reading", flush=True)
    while not done.is_set():
        try:
            told = vault.changes(since, now=3.0)
            since = told.generation if reads % 3 else None
            lent = vault.lend(vault.names()[:3], Use("main", "exec", "call"), 3.0)
            if reads % 5 == 0:
                vault.put(SecretName("own"), SecretValue(f"own {reads}"), now=1.0)
                written += 1
            wrong += [name for name, value in lent.items() if name[0] == "s" and value.reveal() != f"value 2 of {name}"]
            reads += 1
        except Exception as error:
            wrong.append(repr(error))
print(json.dumps({"reads": reads, "written": written, "wrong": wrong[:3]}))
"""


def test_no_reader_and_no_writer_fails_while_keys_are_exchanged(
    home: Home, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rekey, "BATCH", 5)
    command = [sys.executable, "-c", READER, str(home.path)]
    with (
        opened(home) as idle,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader,
    ):
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
        for _ in range(4):
            exchange_key_file(vault, home.vault_key)
            reseal(vault)
        told, _ = reader.communicate("", timeout=60)
        result = json.loads(told)
        assert result["wrong"] == []
        assert result["reads"] > 0
        assert result["written"] > 0
        idle.remove(SecretName("own"))  # it has looked at nothing since before all that
        is_whole(idle)


def test_a_key_file_that_was_begun_and_never_used_is_in_nobodys_way(home: Home, vault: Vault) -> None:
    create_key_file(home.keys / "vault.key.next")
    exchange_key_file(vault, home.vault_key)
    with opened(home) as other:
        is_whole(other)
