"""How IMAP spells folders' names (RFC 3501, 5.1.3) and texts, and how we name one message.

A message is "INBOX/1700000000/42": folder, the number by which the server says that its folder's numbers still hold
(UIDVALIDITY), and the message's own number there (UID). An id never comes to mean another message.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from safety_core.errors import ExecutionError

_RUN: Final = re.compile(r"[^\x20-\x7e]+")
_CODED: Final = re.compile(r"&([^-]*)-")
_ID: Final = re.compile(r"(?P<folder>[^\x00-\x1f\x7f]{1,500})/(?P<validity>\d{1,10})/(?P<uid>[1-9]\d{0,9})")


@dataclass(frozen=True, slots=True)
class MessageId:
    """One message in a mailbox."""

    folder: str
    validity: int
    uid: int

    def __str__(self) -> str:
        return f"{self.folder}/{self.validity}/{self.uid}"


def message_id(text: str) -> MessageId:
    """Return the message that `text` names, or raise ExecutionError."""
    match = _ID.fullmatch(text)
    if not match:
        raise ExecutionError(f"message {text[:80]!r}", "is no id of a message", "take one that mail_list shows")
    return MessageId(match["folder"], int(match["validity"]), int(match["uid"]))


def spelled(folder: str) -> str:
    """Return a folder's name as it is sent: modified UTF-7."""
    return _RUN.sub(lambda run: f"&{_base64(run[0])}-", folder.replace("&", "&-"))


def read(name: str) -> str:
    """Return a folder's name as people read it; one that is no modified UTF-7 stays as it is."""

    def plain(match: re.Match[str]) -> str:
        if not match[1]:
            return "&"
        coded = match[1].replace(",", "/")
        return base64.b64decode(coded + "=" * (-len(coded) % 4)).decode("utf-16-be")

    try:
        return _CODED.sub(plain, name)
    except ValueError:
        return name


def quoted(text: str) -> bytes:
    """Return a text as IMAP quotes it. Raises ExecutionError where it could end the command."""
    if re.search(r"[\r\n\x00]", text):
        raise ExecutionError(f"text {text[:40]!r}", "holds the end of a line", "leave it out")
    return b'"' + text.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",")
