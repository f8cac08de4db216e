"""A hub in one file: taken while it serves, restored on either database, and edges go on."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import secrets
import tarfile
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from hub.backup.archive import MANIFEST
from hub.backup.making import make
from hub.backup.restoring import restore
from hub.settings import Settings
from hub.store import usage
from hub.store.engine import open_database
from safety_core.canonical import canonical_bytes
from safety_core.cli.main import run
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub, bucket, question, running_hub
from tests.simulators.postgres import Cluster

ACME = TenantId("acme")


@pytest.fixture
def other(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of the other kind."""
    if request.node.callspec.params["database_url"] == "postgresql":
        return f"sqlite:///{tmp_path / 'other' / 'hub.db'}"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.create(f"t{secrets.token_hex(8)}")


async def busy(hub: RunningHub, key: SigningKey, questions: int = 3) -> None:
    edge, olga = await hub.edge("acme", key), await hub.approver("acme")
    for _ in range(questions):
        asked = question(params={"command": "rm ./ü \x00 'x'"})
        await edge.push_approval(asked)
        await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})
    await edge.push_usage([bucket(1, 2, model=f"m{number}") for number in range(1100)])
    folder = hub.context.settings.data / "repositories" / "acme" / "root"
    folder.mkdir(parents=True)
    (folder / "1.json").write_bytes(b"{}")


async def test_what_one_database_held_the_other_kind_holds_and_edges_go_on(
    hub: RunningHub, other: str, tmp_path: Path
) -> None:
    key, file = SigningKey.generate(), tmp_path / "backup"
    await busy(hub, key)
    edge = hub.client("acme", key)
    before = await edge.decisions(0)
    async with hub.context.database.read() as connection:
        totals = await usage.listed(connection, ACME)
    await make(hub.context, file, with_keys=True)
    lost = question()
    await edge.push_approval(lost)
    olga = await hub.approver("acme", "Otto")
    await olga.post(f"/v1/approvals/{lost.id}/decision", json={"allow": True})
    cursor = (await edge.decisions(before.next)).next
    settings = Settings(tmp_path / "other", other)
    await restore(settings, file)
    async with running_hub(settings.data, other) as new:
        again = new.client("acme", key)
        assert await again.decisions(0) == before
        assert (await again.decisions(cursor)) == before  # past the end: it begins anew
        async with new.context.database.write() as connection:
            assert await usage.listed(connection, ACME) == totals
        assert (settings.data / "repositories/acme/root/1.json").read_bytes() == b"{}"
        assert new.context.keys.approvals_id == hub.context.keys.approvals_id
        await again.push_approval(question())


async def test_numbers_that_the_database_draws_go_on_after_those_that_were_restored(
    hub: RunningHub, other: str, tmp_path: Path
) -> None:
    await busy(hub, SigningKey.generate(), 5)  # each question and answer is told, with a number of its own
    await make(hub.context, tmp_path / "backup", with_keys=True)
    settings = Settings(tmp_path / "other", other)
    await restore(settings, tmp_path / "backup")
    async with running_hub(settings.data, other) as new:
        olga, edge = await new.approver("acme", "Otto"), await new.edge("acme")
        asked = question()
        await edge.push_approval(asked)
        assert (await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": False})).status_code == 200


async def test_a_backup_of_a_hub_that_is_written_to_is_of_one_moment(hub: RunningHub, tmp_path: Path) -> None:
    key = SigningKey.generate()
    edge, olga = await hub.edge("acme", key), await hub.approver("acme")
    over = asyncio.Event()

    async def write() -> None:
        while not over.is_set():
            asked = question()
            await edge.push_approval(asked)
            await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})

    writing = asyncio.create_task(write())
    for number in range(3):
        await asyncio.sleep(0.1)
        await make(hub.context, tmp_path / f"{number}", with_keys=False)
    over.set()
    await writing
    for number in range(3):
        tables = {name: content.splitlines() for name, content in members(tmp_path / f"{number}").items()}
        (tenant,) = [json.loads(line) for line in tables["tables/tenants.jsonl"]]
        assert len(tables["tables/feed.jsonl"]) == len(tables["tables/answers.jsonl"])
        assert len(tables["tables/feed.jsonl"]) in tenant  # the newest place in its feed


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as tar:
        return {member.name: content.read() for member in tar if (content := tar.extractfile(member))}


def members_of_folder(folder: Path, suffix: str) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.endswith(suffix)]


def packed(file: Path, content: dict[str, bytes]) -> Path:
    with tarfile.open(file, "w:") as tar:
        for name, raw in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            tar.addfile(info, io.BytesIO(raw))
    return file


async def test_the_keys_are_added_only_where_they_are_asked_for_and_nobody_else_reads_the_file(
    small_hub: RunningHub, tmp_path: Path
) -> None:
    for with_keys in (False, True):
        file = tmp_path / str(with_keys)
        await make(small_hub.context, file, with_keys=with_keys)
        assert any(name.startswith("keys/") for name in members(file)) is with_keys
        assert file.stat().st_mode & 0o777 == 0o600
    assert not members_of_folder(tmp_path, ".part")
    with pytest.raises(InputError, match="overwrites nothing"):
        await make(small_hub.context, tmp_path / "True", with_keys=True)


async def test_what_is_there_is_not_overwritten_unless_by_force(small_hub: RunningHub, tmp_path: Path) -> None:
    await busy(small_hub, SigningKey.generate())
    await make(small_hub.context, tmp_path / "backup", with_keys=True)
    settings = Settings(tmp_path / "other")
    await restore(settings, tmp_path / "backup")
    for gone in ("", "repositories", "keys"):
        if gone:
            for path in sorted((settings.data / gone).rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
        with pytest.raises(InputError, match="--force"):
            await restore(settings, tmp_path / "backup")
    stale = settings.data / "repositories" / "acme" / "stale.json"
    stale.parent.mkdir(parents=True, exist_ok=True)
    stale.write_text("{}")
    await restore(settings, tmp_path / "backup", force=True)
    assert not stale.exists()
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (settings.data / "keys").iterdir())


@pytest.mark.parametrize("part", [b"acme", b'"revision"', b'"made"', b'"columns"', b"1.json"])
async def test_a_damaged_file_restores_nothing(small_hub: RunningHub, tmp_path: Path, part: bytes) -> None:
    await busy(small_hub, SigningKey.generate())
    await make(small_hub.context, tmp_path / "backup", with_keys=True)
    raw = bytearray((tmp_path / "backup").read_bytes())
    raw[raw.index(part) + len(part) - 2] ^= 1
    (tmp_path / "damaged").write_bytes(raw)
    await refused(tmp_path / "damaged", tmp_path)


async def test_a_cut_file_restores_nothing(small_hub: RunningHub, tmp_path: Path) -> None:
    await make(small_hub.context, tmp_path / "backup", with_keys=True)
    raw = (tmp_path / "backup").read_bytes()
    for size in (0, 100, len(raw) // 2, len(raw) - 12_000):
        (tmp_path / "cut").write_bytes(raw[:size])
        await refused(tmp_path / "cut", tmp_path)


async def refused(file: Path, tmp_path: Path, match: str = "take another backup") -> None:
    settings = Settings(tmp_path / "other")
    with pytest.raises(InputError, match=match):
        await restore(settings, file)
    assert not settings.data.exists()


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "repositories/../../evil", "repositories/acme/..", "keys/a/b", "tables/x.sql"]
)
async def test_a_member_with_a_name_of_its_own_restores_nothing(
    small_hub: RunningHub, tmp_path: Path, name: str
) -> None:
    await make(small_hub.context, tmp_path / "backup", with_keys=False)
    content = {**members(tmp_path / "backup"), name: b"x"}
    await refused(packed(tmp_path / "evil", content), tmp_path, "no backup has")


async def test_a_backup_of_a_newer_hub_is_refused_and_changes_nothing(small_hub: RunningHub, tmp_path: Path) -> None:
    await make(small_hub.context, tmp_path / "backup", with_keys=False)
    content = members(tmp_path / "backup")
    manifest: dict[str, Any] = json.loads(content[MANIFEST])
    for changed in ({"revision": "9999"}, {"format": 2}):
        told = {name: value for name, value in {**manifest, **changed}.items() if name != "digest"}
        digest = hashlib.sha256(canonical_bytes(told)).hexdigest()
        content[MANIFEST] = json.dumps({**told, "digest": digest}).encode()
        settings = Settings(tmp_path / "other")
        with pytest.raises(InputError, match="newer hub"):
            await restore(settings, packed(tmp_path / "newer", content))
    database = open_database(settings.database_url)
    async with database.read() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")).scalar_one() == 0
    await database.close()


async def test_a_member_that_the_manifest_does_not_name_restores_nothing(small_hub: RunningHub, tmp_path: Path) -> None:
    await busy(small_hub, SigningKey.generate())
    await make(small_hub.context, tmp_path / "backup", with_keys=False)
    content = members(tmp_path / "backup")
    without = {name: raw for name, raw in content.items() if name != "repositories/acme/root/1.json"}
    await refused(packed(tmp_path / "less", without), tmp_path, "is damaged")
    await refused(packed(tmp_path / "more", {"repositories/acme/root/2.json": b"", **content}), tmp_path, "is damaged")
    none = {name: raw for name, raw in content.items() if name != MANIFEST}
    await refused(packed(tmp_path / "none", none), tmp_path, "has no manifest")


def test_the_commands_say_what_they_did(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data, other, file = tmp_path / "hub", tmp_path / "other", tmp_path / "backup"
    assert run(["hub", "--data", str(data), "init"]) == 0
    assert run(["hub", "--data", str(data), "tenant", "add", "acme"]) == 0
    assert run(["hub", "--data", str(data), "backup", str(file)]) == 0
    assert run(["hub", "--data", str(other), "restore", str(file)]) == 0
    said = capfd.readouterr().out
    assert f"{file}: " in said
    assert "restored what was made on " in said
    assert "the backup holds no keys" in said
    assert run(["hub", "--data", str(other), "restore", str(file)]) == 2
    assert "--force" in capfd.readouterr().err
