"""A publication as it is sent: a plain tar of a repository's files, read strictly.

Only what a publication can hold is read: plain files and folders in ustar headers, under the five shapes of names that
a repository knows. Links, devices, sparse files, long-name and pax records are refused, not followed: a general reader
gives one archive several readings, and some of them have no end.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from safety_core.errors import InputError, LimitError
from safety_core.wire.reader import Reader

TIMESTAMP: Final = "timestamp.json"
NAME: Final = re.compile(r"timestamp\.json|(root|snapshot|targets)/[1-9][0-9]{0,9}\.json|bundles/[0-9a-f]{64}\.tar\.gz")
FILES: Final = 100
"""Files in one publication: a bundle, four roles, and a long chain of rotated roots."""

_BLOCK: Final = 512
_FIX: Final = "use `safety policy publish`"
_OCTAL: Final = re.compile(rb" *[0-7]{1,12}[ \x00]*")


def unpack(raw: bytes) -> dict[str, bytes]:
    """Return the files of a publication (a tar archive, not compressed), or raise InputError.

    Names are compared with the five shapes a repository knows; nothing is cleaned up.
    """
    found: dict[str, bytes] = {}
    for name, content in _members(raw):
        if not NAME.fullmatch(name) or name in found:
            raise InputError("publication", f"holds {name[:120]!r}, which is no file of a repository")
        found[name] = content
        if len(found) > FILES:
            raise LimitError("publication", f"holds more than {FILES} files")
    for name, content in found.items():
        check_file(name, content)
    return found


def _members(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield every plain file. Each takes room in the archive itself: nothing can unfold to more than was sent."""
    at = 0
    while at < len(raw):
        head = raw[at : at + _BLOCK]
        if len(head) == _BLOCK and not any(head):
            if any(raw[at:]):
                raise InputError("publication", "goes on after its end", _FIX)
            return
        name, size, folder = _header(head)
        start = at + _BLOCK
        if start + size > len(raw):
            break
        if not folder:
            yield name, raw[start : start + size]
        at = start + -(-size // _BLOCK) * _BLOCK
    raise InputError("publication", "is not a whole tar archive", _FIX)


def _header(head: bytes) -> tuple[str, int, bool]:
    if len(head) < _BLOCK or head[257:262] != b"ustar":
        raise InputError("publication", "is not a tar archive", _FIX)
    blank = head[:148] + b" " * 8 + head[156:]
    if _number(head[148:156]) != sum(blank):
        raise InputError("publication", "is not a tar archive", _FIX)
    kind, size = head[156:157], _number(head[124:136])
    if kind not in {b"0", b"\x00", b"5"} or any(head[345:500]) or (kind == b"5" and size):
        raise InputError("publication", "holds something that is no plain file", _FIX)
    name, _, rest = head[:100].partition(b"\x00")
    if any(rest) or not name.isascii():
        raise InputError("publication", "holds a name that is none of a repository", _FIX)
    return name.decode(), size, kind == b"5"


def _number(field: bytes) -> int:
    if not _OCTAL.fullmatch(field):
        raise InputError("publication", "is not a tar archive", _FIX)
    return int(field.strip(b" \x00"), 8)


def check_file(name: str, raw: bytes) -> None:
    """Raise InputError unless a bundle has the digest that names it, and metadata has the version that names it."""
    folder, _, rest = name.rpartition("/")
    stem = rest.partition(".")[0]
    if folder == "bundles":
        if hashlib.sha256(raw).hexdigest() != stem:
            raise InputError(name, "has another digest than its name says")
    elif folder and version_in(name, raw) != int(stem):
        raise InputError(name, "has another version than its name says")


def version_in(name: str, raw: bytes) -> int:
    """Return the version that a document says it has; nobody has verified it."""
    return Reader.parse(raw, name).object("signed").integer("version", minimum=1)
