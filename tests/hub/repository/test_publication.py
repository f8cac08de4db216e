"""A publication is read strictly: nothing in it climbs out, unfolds, repeats itself or has a second reading."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.repository.publication import unpack
from safety_core.bundle.archive import tar_of
from safety_core.errors import InputError, LimitError
from tests.simulators.repository import Repository


def member(name: str, content: bytes = b"x", **fields: object) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        for field, value in fields.items():
            setattr(info, field, value)
        archive.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def summed(raw: bytes, change: Callable[[bytearray], None]) -> bytes:
    """Return the archive with its first header changed, and its checksum right again."""
    head = bytearray(raw[:512])
    change(head)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + raw[512:]


def put(at: int, text: bytes) -> Callable[[bytearray], None]:
    def change(head: bytearray) -> None:
        head[at : at + len(text)] = text

    return change


GOOD = tar_of({"timestamp.json": b"{}"})


def test_what_the_publisher_sends_is_read_whole() -> None:
    files = Repository().publish().files
    assert unpack(tar_of(files)) == files
    assert unpack(GOOD) == {"timestamp.json": b"{}"}


@pytest.mark.parametrize(
    "name",
    [
        "../timestamp.json",
        "/timestamp.json",
        "root/../timestamp.json",
        "./timestamp.json",
        "root//1.json",
        "root\\1.json",
    ],
)
def test_no_name_climbs_out(name: str) -> None:
    with pytest.raises(InputError):
        unpack(member(name))


@pytest.mark.parametrize(
    "raw",
    [
        member("timestamp.json", pax_headers={"path": "../../evil"}),
        member("timestamp.json", pax_headers={"GNU.sparse.realsize": "99999999999"}),
        member("timestamp.json", type=tarfile.GNUTYPE_SPARSE),
        member("timestamp.json", type=tarfile.GNUTYPE_LONGNAME),
        member("x" * 200),
        member("timestamp.json", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        summed(GOOD, put(156, b"7")),
        summed(GOOD, put(0, b"timestamp.json\0/../evil")),
        summed(GOOD, put(345, b"prefix")),
        summed(GOOD, put(124, b"\x80\0\0\0\0\0\0\xff\xff\xff\xff\xff")),
        summed(GOOD, put(124, b"-0000000001\0")),
        summed(GOOD, put(124, b"77777777777\0")),
        summed(GOOD, put(156, b"5")),
        GOOD[:148] + b"0000000\0" + GOOD[156:],
        GOOD[:512],
        GOOD[:1024],
        GOOD + GOOD,
        GOOD[:1024] + GOOD,
        b"",
        b"\x00",
    ],
)
def test_what_has_a_second_reading_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        unpack(raw)


def test_a_long_chain_of_extended_headers_ends() -> None:
    chain = summed(GOOD, put(156, b"x"))[:1024] * 15_000
    with pytest.raises(InputError):
        unpack(chain + GOOD)


def test_more_files_than_a_publication_has_are_refused() -> None:
    with pytest.raises(LimitError):
        unpack(tar_of({f"root/{number}.json": b'{"signed":{"version":%d}}' % number for number in range(1, 103)}))


@given(st.binary(max_size=2048), st.integers(0, len(GOOD)))
def test_any_bytes_are_read_or_refused(junk: bytes, at: int) -> None:
    try:
        unpack(GOOD[:at] + junk + GOOD[at:])
    except (InputError, LimitError):
        return
