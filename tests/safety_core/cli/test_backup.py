"""`safety backup`: made, listed, checked, restored."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from safety_core.cli.main import run
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.home import Home
from safety_core.edge.key_file import edge_key
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import RawKey, find_vault_key
from safety_core.model.record import AuditEntry, Event


def safety(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capfd.readouterr()
    return (run(["backup", *arguments]), *capfd.readouterr())


def test_a_backup_is_made_listed_and_checked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "edge").create()
    Vault.open(home.vault, RawKey.of(b"3" * 32)).close()
    status, printed, _ = safety(capfd, "make", "--home", str(home.path))
    folder = Path(printed.split("  ")[0])
    assert status == 0
    assert (folder / "vault.db").exists()
    assert str(folder) in safety(capfd, "list", "--home", str(home.path))[1]
    assert safety(capfd, "check", str(folder), "--home", str(home.path)) == (
        0,
        f"{folder}: sound, and signed by this edge\n",
        "",
    )
    status, printed, _ = safety(capfd, "check", str(folder), "--home", str(tmp_path / "elsewhere"))
    assert (status, "who made it nobody can tell" in printed) == (0, True)
    theirs = Home(tmp_path / "other").create()
    edge_key(theirs)
    status, _, said = safety(capfd, "check", str(folder), "--home", str(theirs.path))
    assert (status, "is not signed by this edge's key" in said) == (1, True)
    (folder / "vault.db").write_bytes(b"x")
    status, printed, _ = safety(capfd, "check", str(folder), "--home", str(home.path))
    assert (status, printed) == (1, f"vault.db: is missing, or not what it was\n{folder}: damaged\n")


def test_a_restore_that_was_cut_off_is_begun_again_by_the_same_command(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "edge").create()
    Vault.open(home.vault, find_vault_key(home)).close()
    asyncio.run(_log(home))
    folder = safety(capfd, "make", "--home", str(home.path))[1].split("  ")[0]
    again = Home(tmp_path / "again")
    again.restoring.mkdir(parents=True)
    assert safety(capfd, "restore", folder, "--keys", str(home.keys), "--home", str(again.path))[0] == 0
    assert not again.restoring.exists()


def test_what_is_no_backup_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status, _, said = safety(capfd, "check", str(tmp_path), "--home", str(tmp_path / "edge"))
    assert status == 1
    assert "has no manifest" in said
    home = Home(tmp_path / "edge").create()
    edge_key(home)
    assert "has no manifest" in safety(capfd, "restore", str(tmp_path), "--home", str(home.path))[2]


def test_a_backup_is_restored_by_one_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "edge").create()
    Vault.open(home.vault, find_vault_key(home)).close()
    asyncio.run(_log(home))
    folder = safety(capfd, "make", "--home", str(home.path))[1].split("  ")[0]
    there = ("--home", str(tmp_path / "again"))
    status, printed, _ = safety(capfd, "restore", folder, "--keys", str(home.keys), *there)
    assert status == 0
    assert "audit log: 1 entries, which hold\n" in printed
    assert "vault: opens\n" in printed
    assert "budgets know what was used up until then" in printed
    status, _, said = safety(capfd, "restore", folder, "--home", str(tmp_path / "third"))
    assert (status, "Fix: name with --keys" in said) == (1, True)
    status, printed, _ = safety(capfd, "restore", folder, "--unsigned", "--home", str(tmp_path / "third"))
    assert status == 1
    assert "vault: key file" in printed


async def _log(home: Home) -> None:
    log = await AuditLog.open(home.audit, edge_key(home))
    await log.append(AuditEntry(1.0, Event.RESULT, "main"))
    await log.checkpoint()
    await log.aclose()
