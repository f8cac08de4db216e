"""A form with a file in it (multipart/form-data), read strictly: as browsers write it, and in no other way."""

from __future__ import annotations

import re
from typing import Final

from safety_core.errors import InputError

PARTS: Final = 20

_BOUNDARY: Final = re.compile(r"multipart/form-data; *boundary=\"?([A-Za-z0-9'()+_,./:=?-]{1,70})\"?")
_NAME: Final = re.compile(
    rb'content-disposition: *form-data; *name="([a-z_]{1,40})"(?:; *filename="[^"\r\n]*")?', re.IGNORECASE
)


def multipart(content_type: str, body: bytes) -> dict[str, bytes]:
    """Return the parts of a form by name; what a file was called is not looked at.

    Raises:
        InputError: it is not such a form.
    """
    found = _BOUNDARY.fullmatch(content_type.strip())
    if found is None:
        raise InputError("form", "is not one of ours", "load the page again")
    mark = b"\r\n--" + found[1].encode()
    head, *parts = (b"\r\n" + body).split(mark, PARTS + 1)
    if head or not parts or parts[-1].strip(b"\r\n") != b"--":
        raise InputError("form", "is not whole, or holds too much", "load the page again")
    fields: dict[str, bytes] = {}
    for part in parts[:-1]:
        headers, _, content = part.partition(b"\r\n\r\n")
        named = [match for line in headers.split(b"\r\n") if (match := _NAME.fullmatch(line))]
        if len(named) != 1 or named[0][1].decode() in fields:
            raise InputError("form", "is not one of ours", "load the page again")
        fields[named[0][1].decode()] = content
    return fields
