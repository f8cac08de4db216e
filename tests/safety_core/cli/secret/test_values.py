"""`safety secret`: values go in by standard input, and never come out."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from safety_core.edge.home import Home
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.model.secret import SecretName, SecretValue
from tests.safety_core.cli.secret.running import OTHER, VALUE, kept, safety


def test_a_value_is_kept_replaced_and_removed(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert safety(monkeypatch, "set", "shop_key", stdin=f"{VALUE}\n") == 0
    assert kept(home) == {"shop_key": VALUE}
    assert safety(monkeypatch, "rotate", "shop_key", stdin=OTHER) == 0
    assert kept(home) == {"shop_key": OTHER}
    assert safety(monkeypatch, "list", "--json") == 0
    assert safety(monkeypatch, "list") == 0
    assert safety(monkeypatch, "remove", "shop_key") == 0
    assert kept(home) == {}
    assert safety(monkeypatch, "list") == 0
    shown = capsys.readouterr()
    assert shown.err.endswith(f"no secret is kept in {home.path}\n")
    assert "SECRET_REF(shop_key)" in shown.out
    (told,) = [json.loads(line) for line in shown.out.splitlines() if line.startswith("{")]
    assert told.pop("changed") > 0
    assert told == {
        "name": "shop_key",
        "version": 2,
        "discovered": False,
        "expires": None,
        "agents": None,
        "tools": None,
        "canary": "",
    }
    assert "shop_key  version 2, registered" in shown.out
    assert VALUE not in shown.out + shown.err
    assert OTHER not in shown.out + shown.err


def test_every_change_is_in_the_audit_log(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    safety(monkeypatch, "set", "shop_key", stdin=VALUE)
    safety(monkeypatch, "rotate", "shop_key", stdin=OTHER)
    safety(monkeypatch, "remove", "shop_key")
    with closing(sqlite3.connect(home.audit)) as db:
        entries = [json.loads(body) for (body,) in db.execute("SELECT body FROM entry ORDER BY number")]
    assert [(entry["event"], entry["subject"], entry["rules"]) for entry in entries] == [
        ("secret", "shop_key", ["set"]),
        ("secret", "shop_key", ["rotate"]),
        ("secret", "shop_key", ["remove"]),
    ]
    assert VALUE.encode() not in home.audit.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"one": VALUE, "two": OTHER}),
        f"# keys\n\nexport one={VALUE}\ntwo = '{OTHER}'\n",
        f'one="{VALUE}"\r\ntwo={OTHER}\r\n',
    ],
)
def test_a_file_of_secrets_is_imported(home: Home, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert safety(monkeypatch, "import", "-", stdin=text) == 0
    assert kept(home) == {"one": VALUE, "two": OTHER}


@pytest.mark.parametrize(
    ("arguments", "stdin", "status", "error"),
    [
        (("set", "no name"), VALUE, 2, "error: secret name: must be 1 to 64"),
        (("set", "short"), "abc", 1, "is shorter than"),
        (("set", "empty"), "", 2, "error: value: is empty. Fix: type it at a terminal"),
        (("rotate", "missing"), VALUE, 1, "secret missing: is not in the vault. Fix: safety secret set missing"),
        (("remove", "missing"), "", 1, "secret missing: is not in the vault"),
        (("import", "-"), f"one={VALUE}\ntwo", 2, "error: standard input, line 2: is not NAME=value"),
        (("import", "-"), f'{{"one": "{VALUE}", "one": "x"}}', 2, "same key twice"),
        (
            ("import", "-"),
            f'{{"one": "{VALUE}", "two": "abc"}}',
            1,
            "error: standard input: secret two: is shorter than",
        ),
        (
            ("import", "-"),
            f"one={VALUE}\ntwo=gpt-4o-mini\n",
            1,
            "error: standard input, line 2: secret two: is the name of a model, so redaction",
        ),
        (
            ("set", "shop_key"),
            "application/json\n",
            1,
            "error: secret shop_key: is part of what every web request says",
        ),
        (("import", "-"), f'{{"one": "{VALUE}", "two": 1}}', 2, "error: standard input.two: must be text"),
    ],
)
def test_what_cannot_be_kept_is_refused_as_a_whole(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    stdin: str,
    status: int,
    error: str,
) -> None:
    assert safety(monkeypatch, *arguments, stdin=stdin) == status
    shown = capsys.readouterr()
    assert error in shown.err
    assert VALUE not in shown.err + shown.out
    assert kept(home) == {}


@pytest.mark.parametrize("text", [f"SHOP_KEY={VALUE}", f'{{"shop": "{VALUE}"}}', f"export shop={VALUE}\n"])
def test_a_whole_line_is_no_value(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert safety(monkeypatch, "set", "shop_key", stdin=text) == 1
    shown = capsys.readouterr()
    assert "Fix: give only what stands after the" in shown.err
    assert VALUE not in shown.err
    assert kept(home) == {}


@pytest.mark.parametrize("command", ["set", "rotate"])
def test_space_around_a_value_is_left_out_unless_it_is_wanted(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    safety(monkeypatch, "set", "shop_key", stdin=OTHER)
    assert "white space" not in capsys.readouterr().err
    assert safety(monkeypatch, command, "shop_key", stdin=f"  {VALUE}\t\n") == 0
    assert "note: the white space around the value is left out; --keep-space keeps it" in capsys.readouterr().err
    assert kept(home) == {"shop_key": VALUE}
    assert safety(monkeypatch, command, "shop_key", "--keep-space", stdin=f"  {VALUE}\t\n") == 0
    assert capsys.readouterr().err == ""
    assert kept(home) == {"shop_key": f"  {VALUE}\t"}


ENV = f"""\
# keys
ONE={VALUE}
EMPTY=
TWO=gpt-4o-mini
and a word
3={VALUE}
THREE={OTHER}
"""


def test_all_that_is_refused_is_said_at_once_with_its_line(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "shop.env").write_text(ENV)
    monkeypatch.chdir(tmp_path)
    assert safety(monkeypatch, "import", "shop.env") == 2
    shown = capsys.readouterr()
    assert "note: shop.env, line 3: EMPTY has no value and is left out" in shown.err
    assert "error: shop.env, line 4: secret TWO: is the name of a model" in shown.err
    assert "error: shop.env, line 5: is not NAME=value" in shown.err
    assert "error: shop.env, line 6: secret name: must be" in shown.err
    assert shown.out == "0 kept (--skip-refused keeps the others)\n"
    assert kept(home) == {}
    assert safety(monkeypatch, "import", "--skip-refused", "shop.env") == 0
    shown = capsys.readouterr()
    assert "left out: shop.env, line 4: secret TWO" in shown.err
    assert shown.out == "2 kept\n"
    assert kept(home) == {"ONE": VALUE, "THREE": OTHER}
    assert VALUE not in shown.err


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("", 2, "error: standard input: holds no secret, so 0 are kept"),
        ("# keys\n\n", 2, "error: standard input: holds no secret, so 0 are kept"),
        ("{}", 2, "error: standard input: holds no secret, so 0 are kept"),
        ("ONE=\n", 1, "0 kept\n"),
        ('{"ONE": ""}', 1, "0 kept\n"),
        ("ONE=abc\n", 1, "0 kept\n"),
    ],
)
def test_a_file_of_which_nothing_is_kept_says_so(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, status: int, told: str
) -> None:
    assert safety(monkeypatch, "import", "--skip-refused", "-", stdin=text) == status
    shown = capsys.readouterr()
    assert told in shown.out + shown.err
    assert kept(home) == {}


def test_a_file_that_is_no_text_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "keys").write_bytes(b"ONE=\xff\xfe")
    assert safety(monkeypatch, "import", str(tmp_path / "keys")) == 2
    assert "keys: is not UTF-8 text" in capsys.readouterr().err


def test_a_value_is_never_taken_from_the_command_line(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert safety(monkeypatch, "set", "shop_key", VALUE) == 2


def test_discovered_secrets_are_shown_as_such(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home.create()
    with Vault.open(home.vault, find_vault_key(home)) as vault:
        vault.put(SecretName("found_x_1"), SecretValue(VALUE), now=1.0, discovered=True)
    safety(monkeypatch, "list")
    assert capsys.readouterr().out == "found_x_1  version 1, found by a scanner\n"


def test_a_vault_in_which_somebody_took_a_row_away_is_refused_until_a_person_accepts_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    safety(monkeypatch, "set", "shop_key", stdin=VALUE)
    safety(monkeypatch, "set", "other_key", stdin=OTHER)
    with closing(sqlite3.connect(home.vault, isolation_level=None)) as db:
        db.execute("DELETE FROM secret WHERE name = 'other_key'")
    capsys.readouterr()
    assert safety(monkeypatch, "list") == 1
    assert "somebody without its key. Fix: restore it from a backup; or see what is in it" in capsys.readouterr().err
    assert safety(monkeypatch, "list", "--accept") == 0
    assert capsys.readouterr().out == "shop_key  version 1, registered\n"
    assert safety(monkeypatch, "list") == 0
    with closing(sqlite3.connect(home.audit)) as db:
        (last,) = db.execute("SELECT body FROM entry ORDER BY number DESC LIMIT 1").fetchone()
    assert (json.loads(last)["subject"], json.loads(last)["rules"]) == ("vault", ["accept"])
