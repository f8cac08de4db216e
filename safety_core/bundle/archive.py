"""Files <-> one .tar.gz that is the same whenever the files are the same.

Unpacking trusts nothing: the size is bounded while it decompresses, only plain files with plain relative
names come out, and the tar must be exactly the one that `pack` would write, so that no second reading of
the same bytes exists.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from safety_core.errors import OversizeError, TamperedError, UnsafePathError

NAME: Final = re.compile(
    r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\.manifest|\.signatures\.json)"
)
"""Relative, no empty or dotted part: "..", "/etc" and "a//b" do not match."""

_GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one archive.

    Attributes:
        packed: bytes as transferred.
        unpacked: bytes of the tar inside: 10,000 rules with their data take about 40 MiB.
        files: number of files.
    """

    packed: int = 16 * 1024 * 1024
    unpacked: int = 128 * 1024 * 1024
    files: int = 20_000


LIMITS: Final = Limits()


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of `files`. Raises UnsafePathError for a name that `unpack` would refuse."""
    return gzip.compress(tar_of(files), compresslevel=6, mtime=0)


def unpack(raw: bytes, limits: Limits = LIMITS) -> Mapping[str, bytes]:
    """Return the files of an archive.

    Raises:
        OversizeError: it is, or becomes, larger than allowed.
        UnsafePathError: a name leaves the archive, or stands for something other than a plain file.
        TamperedError: it is not an archive that `pack` made.
    """
    if len(raw) > limits.packed:
        raise OversizeError("bundle archive", f"is larger than {limits.packed} bytes")
    tar = _inflate(raw, limits.unpacked)
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
            for member in archive:
                if len(files) == limits.files:
                    raise OversizeError("bundle archive", f"holds more than {limits.files} files")
                name = _plain(member)
                files[name] = _content(archive, member)
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise TamperedError("bundle archive", "is not a tar archive") from error
    if tar_of(files) != tar:
        raise TamperedError("bundle archive", "is not in its one canonical form")
    return files


def _inflate(raw: bytes, limit: int) -> bytes:
    stream = zlib.decompressobj(_GZIP)
    try:
        tar = stream.decompress(raw, limit + 1)
    except zlib.error as error:
        raise TamperedError("bundle archive", "is not gzip") from error
    if len(tar) > limit:
        raise OversizeError("bundle archive", f"unpacks to more than {limit} bytes")
    if not stream.eof or stream.unused_data:
        raise TamperedError("bundle archive", "ends too early or goes on after its end")
    return tar


def _plain(member: tarfile.TarInfo) -> str:
    if member.type != tarfile.REGTYPE:
        raise UnsafePathError("bundle archive", "holds something that is no plain file")
    return _checked(member.name)


def _checked(name: str) -> str:
    if not NAME.fullmatch(name) or len(name) > 200:
        raise UnsafePathError("bundle archive", f"holds the path {name[:80]!r}", "use plain relative names")
    return name


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    return stream.read() if stream is not None else b""


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """Return the archive without its compression. Raises UnsafePathError as `pack` does."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(_checked(name))
            member.size = len(files[name])
            archive.addfile(member, io.BytesIO(files[name]))
    return buffer.getvalue()
