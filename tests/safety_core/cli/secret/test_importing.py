"""`safety secret import`: what other programs keep, each in its own form. Every value is made up."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from safety_core.cli.secret.entries import name_of
from safety_core.edge.home import Home
from tests.safety_core.cli.secret.running import OTHER, VALUE, kept, safety

THIRD = "Bd5-a-third-one-8vN!value"
TOTP = "JBSWY3DP" + "EHPK3PXP" + "Q2W4"


def bitwarden(**changes: Any) -> dict[str, Any]:
    login = {"username": "olga", "password": VALUE, "totp": TOTP}
    fields = [{"name": "API token", "value": OTHER, "type": 1}, {"name": "shown", "value": "x", "type": 0}]
    items: list[Any] = [
        {"type": 1, "name": "GitHub (work)", "notes": "none", "login": login, "fields": fields},
        {"type": 3, "name": "card", "card": {"number": "4929 1836 5027 3617", "code": None}},
        {"type": 1, "name": "gone", "deletedDate": "2026-01-01", "login": {"password": THIRD}},
        {"type": 5, "name": "server", "sshKey": {"privateKey": THIRD, "publicKey": "ssh-ed25519 A"}},
        {"type": 2, "name": "a note", "notes": "text", "fields": None},
    ]
    return {"encrypted": False, "folders": [], "items": items, **changes}


FROM_BITWARDEN = {
    "GitHub_work": VALUE,
    "GitHub_work.totp": TOTP,
    "GitHub_work.API_token": OTHER,
    "card.number": "4929 1836 5027 3617",
    "server.private_key": THIRD,
}


def one_password() -> bytes:
    login = [
        {"value": "olga", "designation": "username", "fieldType": "T"},
        {"value": VALUE, "designation": "password", "fieldType": "P"},
    ]
    fields = [
        {"title": "token", "id": "t1", "value": {"concealed": OTHER}},
        {"title": "", "id": "t2", "value": {"totp": TOTP}},
        {"title": "key", "id": "t3", "value": {"sshKey": {"privateKey": THIRD}}},
        {"title": "site", "id": "t4", "value": {"string": "shown"}},
    ]
    details = {"loginFields": login, "sections": [{"title": "more", "fields": fields}], "notesPlain": "n"}
    items = [
        {"uuid": "1", "state": "active", "overview": {"title": "GitHub (work)"}, "details": details},
        {"uuid": "2", "state": "archived", "overview": {"title": "gone"}, "details": {"password": THIRD}},
        {"uuid": "3", "overview": {"title": "oven"}, "details": {"password": THIRD}},
        {"uuid": "4", "overview": None, "details": None},
    ]
    return zipped("export.data", json.dumps({"accounts": [{"attrs": {}, "vaults": [{"items": items}]}]}).encode())


def zipped(name: str, content: bytes) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return raw.getvalue()


FROM_1PASSWORD = {
    "GitHub_work": VALUE,
    "GitHub_work.token": OTHER,
    "GitHub_work.t2": TOTP,
    "GitHub_work.key": THIRD,
    "oven": THIRD,
}


def answer(version: int, **values: Any) -> dict[str, Any]:
    data = values if version == 1 else {"data": values, "metadata": {"version": 3, "destroyed": False}}
    return {"request_id": "1", "lease_id": "", "lease_duration": 0, "renewable": False, "data": data, "warnings": None}


SOURCES: dict[str, tuple[bytes, dict[str, str]]] = {
    "lines": (f"export ONE={VALUE}\nTWO='{OTHER}'\n".encode(), {"ONE": VALUE, "TWO": OTHER}),
    "object": (json.dumps({"ONE": VALUE, "TWO": OTHER}).encode(), {"ONE": VALUE, "TWO": OTHER}),
    "bitwarden json": (json.dumps(bitwarden()).encode(), FROM_BITWARDEN),
    "bitwarden csv": (
        "\ufefffolder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\n"
        f'work,,login,"GitHub (work)","two\nlines",,0,https://forge.example,olga,{VALUE},{TOTP}\n'
        f",,note,text,n,,0,,,,\n,,login,shop,,,0,,,{OTHER},\n".encode(),
        {"GitHub_work": VALUE, "GitHub_work.totp": TOTP, "shop": OTHER},
    ),
    "1password 1pux": (one_password(), FROM_1PASSWORD),
    "1password csv": (
        "Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes\n"
        f"GitHub (work),https://forge.example,olga,{VALUE},{TOTP},false,false,,\n"
        f"gone,,,{THIRD},,false,true,,\nshop,,,{OTHER},,false,false,,,too,many\n".encode(),
        {"GitHub_work": VALUE, "GitHub_work.totp": TOTP, "shop": OTHER},
    ),
    "hashicorp 1": (
        json.dumps(answer(1, password=VALUE, number=70925184)).encode(),
        {"password": VALUE, "number": "70925184"},
    ),
    "hashicorp 2": (json.dumps(answer(2, password=VALUE, token=OTHER)).encode(), {"password": VALUE, "token": OTHER}),
    "hashicorp tree": (
        json.dumps({"prod/": {"db": answer(2, password=VALUE), "on": True, "no": None}, "a b": {"t": OTHER}}).encode(),
        {"prod.db.password": VALUE, "a_b.t": OTHER},
    ),
}


@pytest.mark.parametrize("source", SOURCES)
def test_it_is_seen_what_it_is(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, source: str
) -> None:
    raw, wanted = SOURCES[source]
    (tmp_path / "export").write_bytes(raw)
    assert safety(monkeypatch, "import", str(tmp_path / "export")) == 0, capsys.readouterr().err
    assert kept(home) == wanted
    shown = capsys.readouterr()
    assert shown.out == f"{len(wanted)} kept\n"
    assert "export holds them in the clear: delete it" in shown.err
    assert not [value for value in wanted.values() if value in shown.err]
    assert safety(monkeypatch, "import", "-", stdin=raw) == 0
    assert kept(home) == wanted


def test_a_folder_of_docker_secrets(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    (folder / "sub").mkdir(parents=True)
    (folder / "db_password").write_text(f"{VALUE}\n")
    (folder / "shop.key").write_text(OTHER)
    assert safety(monkeypatch, "import", str(folder)) == 0
    assert kept(home) == {"db_password": VALUE, "shop.key": OTHER}
    (folder / "binary").write_bytes(b"\xff\xfe\x00")
    (folder / "huge").write_text("x1y2" * 300_000)
    (folder / "empty").touch()
    assert safety(monkeypatch, "import", str(folder)) == 2
    shown = capsys.readouterr()
    assert "binary: is not UTF-8 text" in shown.err
    assert "secret huge: is longer than" in shown.err
    assert "note: " in shown.err


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (json.dumps(bitwarden(encrypted=True)).encode(), "is an encrypted export. Fix: export as .json"),
        (json.dumps({"encrypted": False}).encode(), "is no export of Bitwarden"),
        (json.dumps(bitwarden(items=["x"])).encode(), "item 1: is no object"),
        (b"PK\x03\x04junk", "is no export of 1Password (BadZipFile)"),
        (zipped("other", b"{}"), "is no export of 1Password (KeyError)"),
        (zipped("export.data", b"{"), "export.data: is not JSON"),
        (zipped("export.data", b"[]"), "holds no secret"),
        (json.dumps({"a": {"b": [VALUE]}}).encode(), "a/b: is a list, and a secret is one text"),
        (json.dumps({"a": {"x y": VALUE, "x_y": OTHER}}).encode(), "secret a.x_y: is there twice, with two values"),
        (b'{"a": {"b": 1', "is not JSON"),
    ],
)
def test_what_is_none_or_not_ours_to_read_is_refused_as_a_whole(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raw: bytes, error: str
) -> None:
    assert safety(monkeypatch, "import", "-", stdin=raw) == 2
    shown = capsys.readouterr()
    assert error in shown.err
    assert VALUE not in shown.err + shown.out
    assert kept(home) == {}


def test_a_zip_file_that_unpacks_to_too_much_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from safety_core.cli.secret import onepassword

    monkeypatch.setattr(onepassword, "LIMIT", 1000)
    assert safety(monkeypatch, "import", "-", stdin=zipped("export.data", b" " * 1001)) == 2
    assert "unpacks to more than 1000 bytes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("titles", "name"),
    [
        (("GitHub (work)", "API token"), "GitHub_work.API_token"),
        (("1Password",), "secret_1Password"),
        (("ÄÖ", "..."), "secret"),
        (("x" * 70, "y"), "x" * 64),
    ],
)
def test_names_are_made_of_titles(titles: tuple[str, ...], name: str) -> None:
    assert name_of(titles) == name


def spoilt(kind: int) -> bytes:
    """Return a 1pux file whose packed bytes are other ones."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", kind) as archive:
        archive.writestr("export.data", json.dumps({"accounts": [*range(4000)]}))
    raw = bytearray(held.getvalue())
    begin = raw.index(b"export.data") + len(b"export.data") + 12
    raw[begin : begin + 40] = b"\xff" * 40
    return bytes(raw)


def shortened() -> bytes:
    """Return a 1pux file that lacks its beginning: where its list says that files begin is before the first byte."""
    return b"PK\x03\x04" + zipped("export.data", b"{}")[20:]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"name,login_password,notes\nx," + VALUE.encode() + b"," + b"n" * 1_100_000, "is no CSV"),
        (b"Title,Password,Notes\nx," + VALUE.encode() + b"," + b"n" * 1_100_000, "is no CSV"),
        (spoilt(zipfile.ZIP_DEFLATED), "is no export of 1Password"),
        (spoilt(zipfile.ZIP_LZMA), "is no export of 1Password"),
        (spoilt(zipfile.ZIP_BZIP2), "is no export of 1Password"),
        (shortened(), "is no export of 1Password"),
    ],
)
def test_a_spoilt_export_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Home, raw: bytes, reason: str
) -> None:
    assert safety(monkeypatch, "import", "-", stdin=raw) == 2
    told = capsys.readouterr().err
    assert reason in told
    assert "internal error" not in told
    assert VALUE not in told


def test_a_long_note_beside_a_password_is_no_harm(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    raw = b"name,login_password,notes\nx," + VALUE.encode() + b"," + b"n" * 200_000
    assert safety(monkeypatch, "import", "-", stdin=raw) == 0
    assert kept(home) == {"x": VALUE}


def test_a_name_that_means_an_earlier_value_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Home
) -> None:
    assert safety(monkeypatch, "import", "-", stdin=f"shop.previous={VALUE}\n") == 2
    assert safety(monkeypatch, "canary", "shop.previous") == 2
    assert capsys.readouterr().err.count("must not end in .previous") == 2
    assert kept(home) == {}


def test_a_terminal_obeys_no_name_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Home, tmp_path: Path
) -> None:
    tree = {"a": {"\x1b]0;pwn\x07\nerror": [1]}}
    assert safety(monkeypatch, "import", "-", stdin=json.dumps(tree)) == 2
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "x\x1b]0;pwn\x07\n").write_text(VALUE)
    assert safety(monkeypatch, "import", str(folder)) == 2
    told = capsys.readouterr().err
    assert told.count("\\x1b]0;pwn\\x07") == 2
    assert not {"\x1b", "\x07"} & set(told)
    assert told.count("\n") == 2
