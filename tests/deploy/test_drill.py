"""The drill: an edge is backed up, works on, is killed, and comes back from the backup. Nothing runs twice, and the hub
notices that the backup is old."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from safety_core.cli.audit import audit
from safety_core.cli.backup import backup
from tests.simulators.site import TENANT, Site, site


@pytest.fixture(scope="module")
def here() -> Generator[Site, None, None]:
    with site() as here, here.hub():
        here.introduce()
        here.publish()
        yield here


def safety(*words: str) -> tuple[int, str]:
    group = {"backup": backup, "audit": audit}[words[0]]
    done = CliRunner().invoke(group, [*words[1:]], standalone_mode=False, catch_exceptions=False)
    return int(done.return_value or 0), done.output


def verified(here: Site) -> tuple[int, str]:
    return safety("audit", "verify", "--home", str(here.home.path), "--hub", here.hub_url, "--tenant", TENANT)


def the_hub_says(here: Site, word: str) -> bool:
    end = time.monotonic() + 60
    while word not in here.at_hub("tenant", "list"):
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def test_a_restored_edge_repeats_nothing_and_the_hub_sees_that_the_backup_is_old(here: Site) -> None:
    ran = here.folder / "work" / "ran"
    payment = {"command": f"echo once >> {ran}; git push --force origin main"}
    with here.edge() as edge:
        asked = edge.run("exec", **payment)
        assert asked["status"] == "pending"
        status, printed = safety("backup", "make", "--home", str(here.home.path))
        assert status == 0
        here.answer(asked["approval"]["id"], allow=True)
        edge.run("exec", wait=50.0, **payment)
        assert ran.read_text() == "once\n"
        entries = edge.status()["audit"]["entries"]
        until_cosigned(here, entries)
        edge.kill()

    folder, lost = Path(printed.split("  ")[0]), here.folder / "before"
    here.home.path.rename(lost)
    folder = lost / folder.relative_to(here.home.path)
    status, printed = safety(
        "backup", "restore", str(folder), "--keys", str(lost / "keys"), "--home", str(here.home.path)
    )
    assert (status, "over: 1\n" in printed) == (0, True), printed
    status, printed = verified(here)
    assert status == 1, printed

    with here.edge() as edge:
        again = edge.run("exec", wait=2.0, **payment)
        assert again["status"] == "pending"
        assert again["approval"]["id"] != asked["approval"]["id"]
        assert ran.read_text() == "once\n"
        assert the_hub_says(here, "contradict")


def until_cosigned(here: Site, entries: int) -> None:
    """Wait until the hub has cosigned a head of the log that holds so many entries."""
    end = time.monotonic() + 60
    with closing(sqlite3.connect(f"file:{here.hub_data}/hub.db?mode=ro", uri=True)) as db:
        while time.monotonic() < end:
            if any(size >= entries for (size,) in db.execute("SELECT size FROM checkpoints")):
                return
            time.sleep(0.1)
    raise AssertionError("the hub has not heard of the log")


def test_a_backup_says_nothing_without_its_key(here: Site, tmp_path: Path) -> None:
    folder = max((here.folder / "before/backups").iterdir())
    keys = tmp_path / "keys"
    keys.mkdir()
    shutil.copy(here.home.edge_key, keys)
    status, printed = safety("backup", "restore", str(folder), "--keys", str(keys), "--home", str(tmp_path / "edge"))
    assert status == 1
    assert "vault: key file" in printed
