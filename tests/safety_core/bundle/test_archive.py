"""Archives: the same files give the same bytes, and nothing else is unpacked."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.archive import Limits, pack, unpack
from safety_core.errors import BundleError, OversizeError, TamperedError, UnsafePathError

FILES = {".manifest": b"{}", "data.json": b'{"a":1}', "rules/a/a.rego": b"package a\n" * 100, ".signatures.json": b""}
NAMES = st.from_regex(r"([a-z0-9_]{1,8}/){0,3}[a-z0-9_.-]{1,20}", fullmatch=True).filter(
    lambda name: "/." not in f"/{name}"
)


@given(
    st.dictionaries(
        NAMES.filter(lambda name: not name.split("/")[-1].startswith("-")), st.binary(max_size=2000), max_size=5
    )
)
def test_what_is_packed_is_unpacked(files: dict[str, bytes]) -> None:
    try:
        raw = pack(files)
    except UnsafePathError:
        return
    assert unpack(raw) == files
    assert pack(dict(reversed(files.items()))) == raw


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "a/../../evil",
        "/etc/passwd",
        "a//b",
        "./a",
        "a\\b",
        "-rf",
        "a/.hidden",
        "C:/x",
        "a b",
        "a\nb",
        "é",
        "a" * 201,
    ],
)
def test_a_path_that_could_leave_is_refused(name: str) -> None:
    with pytest.raises(UnsafePathError):
        unpack(_long_tar(name))
    with pytest.raises(UnsafePathError):
        pack({name: b""})


def _long_tar(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(name))
    return gzip.compress(buffer.getvalue())


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_only_plain_files_come_out(kind: bytes) -> None:
    member = tarfile.TarInfo("a")
    member.type, member.linkname = kind, "/etc/passwd"
    with pytest.raises(UnsafePathError, match="no plain file"):
        unpack(tar_of((member, b"")))


def test_limits_hold_before_anything_is_believed() -> None:
    raw = pack(FILES)
    with pytest.raises(OversizeError, match="is larger than"):
        unpack(raw, Limits(packed=len(raw) - 1))
    with pytest.raises(OversizeError, match="unpacks to more than"):
        unpack(gzip.compress(b"\0" * 50_000_000), Limits(unpacked=1_000_000))
    with pytest.raises(OversizeError, match="more than 3 files"):
        unpack(raw, Limits(files=3))


def test_a_second_reading_of_the_same_bytes_does_not_exist() -> None:
    owned = tarfile.TarInfo("a")
    owned.uname = "root"
    first, second = tarfile.TarInfo("a"), tarfile.TarInfo("a")
    for raw in (tar_of((owned, b"x")), tar_of((first, b"x"), (second, b"y"))):
        with pytest.raises(TamperedError, match="one canonical form"):
            unpack(raw)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "ends too early"),
        (b"no archive", "is not gzip"),
        (pack(FILES)[:-9], "ends too early"),
        (pack(FILES) + b"more", "goes on after its end"),
        (gzip.compress(b"x" * 1024, mtime=0), "is not a tar"),
    ],
)
def test_what_is_no_archive_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(TamperedError, match=words):
        unpack(raw)


@given(st.data())
def test_changed_bytes_give_the_same_files_or_an_error(data: st.DataObject) -> None:
    raw = bytearray(gzip.decompress(pack(FILES)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(BundleError):
        assert unpack(gzip.compress(bytes(raw))) != FILES
