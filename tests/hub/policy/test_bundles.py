"""A publisher's files reach the tenant's edge whole, and what is published never changes under anybody."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from hub.repository.files import Repositories
from hub.repository.publication import unpack
from safety_core.errors import InputError, LimitError
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub, json_of

ACME = TenantId("acme")


def metadata(version: int, note: str = "") -> bytes:
    return json.dumps({"signed": {"version": version, "note": note}, "signatures": []}).encode()


def release(version: int) -> dict[str, bytes]:
    bundle = f"bundle {version}".encode()
    return {
        "timestamp.json": metadata(version),
        f"snapshot/{version}.json": metadata(version),
        f"targets/{version}.json": metadata(version),
        "root/1.json": metadata(1),
        f"bundles/{hashlib.sha256(bundle).hexdigest()}.tar.gz": bundle,
    }


def tar(files: dict[str, bytes], **given: Any) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for field, value in given.items():
                setattr(member, field, value)
            archive.addfile(member, io.BytesIO(content))
    return raw.getvalue()


async def test_what_is_published_reaches_the_edge(small_hub: RunningHub) -> None:
    edge, publisher = await small_hub.edge("acme"), await small_hub.publisher("acme")
    assert await edge.fetch("timestamp.json") is None
    answer = await publisher.put("/v1/tenants/acme/repository", content=tar(release(1)))
    assert (answer.status_code, json_of(answer)) == (200, {"files": 5, "new": 5})
    for name, content in release(1).items():
        assert await edge.fetch(name) == content
    again = await publisher.put("/v1/tenants/acme/repository", content=tar(release(1)))
    assert json_of(again) == {"files": 5, "new": 0}
    await publisher.put("/v1/tenants/acme/repository", content=tar(release(2)))
    assert await edge.fetch("timestamp.json") == metadata(2)
    assert await edge.fetch("targets/1.json") == metadata(1)


async def test_an_unchanged_timestamp_is_not_sent_again(small_hub: RunningHub) -> None:
    edge, publisher = await small_hub.edge("acme"), await small_hub.publisher("acme")
    await publisher.put("/v1/tenants/acme/repository", content=tar(release(1)))
    statuses: list[int] = []
    edge._http.event_hooks = {"response": [lambda response: note(statuses, response.status_code)]}
    for _ in range(3):
        assert await edge.fetch("timestamp.json") == metadata(1)
    await publisher.put("/v1/tenants/acme/repository", content=tar(release(2)))
    assert await edge.fetch("timestamp.json") == metadata(2)
    assert statuses == [200, 304, 304, 200]


async def note(statuses: list[int], status: int) -> None:
    statuses.append(status)


async def test_a_tenant_gets_its_own_policy_only(small_hub: RunningHub) -> None:
    await small_hub.edge("acme")
    globex, publisher = await small_hub.edge("globex"), await small_hub.publisher("acme")
    await publisher.put("/v1/tenants/acme/repository", content=tar(release(1)))
    for name in (
        "timestamp.json",
        "../acme/timestamp.json",
        "%2e%2e/acme/timestamp.json",
        "..%2facme/timestamp.json",
    ):
        assert await globex.fetch(name) is None
    foreign = await publisher.put("/v1/tenants/globex/repository", content=tar(release(1)))
    assert foreign.status_code == 403


async def test_what_is_published_cannot_be_changed_or_set_back(small_hub: RunningHub) -> None:
    await small_hub.edge("acme")
    publisher = await small_hub.publisher("acme")
    await publisher.put("/v1/tenants/acme/repository", content=tar(release(2)))
    changed = {**release(2), "targets/2.json": metadata(2, "changed")}
    older = {"timestamp.json": metadata(1)}
    for files, thing in ((changed, "targets/2.json"), (older, "timestamp.json")):
        refused = await publisher.put("/v1/tenants/acme/repository", content=tar(files))
        assert (refused.status_code, json_of(refused)["error"]["thing"]) == (409, thing)


@pytest.mark.parametrize(
    "files",
    [
        {"../evil.json": b"{}"},
        {"/etc/passwd": b"x"},
        {"root/../../x.json": b"x"},
        {"root/0.json": metadata(0)},
        {"root/01.json": metadata(1)},
        {"root/2.json": metadata(1)},
        {"root/2.json": b"not json"},
        {"bundles/" + "0" * 64 + ".tar.gz": b"other bytes"},
        {"notes.txt": b"x"},
    ],
)
def test_a_file_that_is_none_of_a_repository_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(InputError):
        unpack(tar(files))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_member_that_is_no_plain_file_is_refused(kind: bytes) -> None:
    with pytest.raises(InputError):
        unpack(tar({"timestamp.json": b""}, type=kind, linkname="/etc/passwd"))


def test_an_archive_that_is_none_or_too_large_is_refused() -> None:
    for raw in (b"nonsense", b"\x1f\x8b" + b"0" * 600, tar(release(1))[:700]):
        with pytest.raises(InputError):
            unpack(raw)
    with pytest.raises(LimitError):
        unpack(tar({f"root/{number}.json": metadata(number) for number in range(1, 200)}))
    assert unpack(tar({}, type=tarfile.DIRTYPE)) == {}


def test_the_timestamp_is_put_in_place_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    placed: list[str] = []
    replace = Path.replace

    def noted(source: Path, target: Path) -> Path:
        placed.append(target.name)
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", noted)
    Repositories(tmp_path).put(ACME, release(1))
    assert placed[-1] == "timestamp.json"
    assert placed[0].endswith(".tar.gz")


def test_a_full_disk_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repositories = Repositories(tmp_path)
    repositories.put(ACME, release(1))

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safety_core.edge.files.os.fsync", full)
    with pytest.raises(Exception, match="No space left"):
        repositories.put(ACME, release(2))
    found = repositories.get(ACME, "timestamp.json")
    assert found is not None
    assert found.raw == metadata(1)
    assert not list(tmp_path.rglob(".new-*"))
