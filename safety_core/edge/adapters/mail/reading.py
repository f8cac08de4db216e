"""What a model reads of a mailbox: folders, lists, one message, one attachment saved."""

from __future__ import annotations

import base64
import binascii
import json
import quopri
import re
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.edge.adapters.listing import fitting
from safety_core.edge.adapters.mail.account import Account
from safety_core.edge.adapters.mail.line import Lines
from safety_core.edge.adapters.mail.mailbox import CHUNK_BYTES, Mailbox, mailbox
from safety_core.edge.adapters.mail.names import MessageId, message_id, quoted
from safety_core.edge.adapters.mail.pages import text_of_page
from safety_core.edge.adapters.mail.structure import Part, decoded
from safety_core.edge.adapters.request import Request
from safety_core.edge.workspace import new_file, read_bytes
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult

LISTED: Final = 20
MOST_LISTED: Final = 100
TEXT_BYTES: Final = 256 * 1024
"""Of a message's text, encoded: some hundred pages."""
SAVED_BYTES: Final = 100 * 1024 * 1024
HEADERS: Final = ("from", "to", "cc", "reply-to", "date", "subject", "message-id", "references")
SHOWN: Final = 1000
"""Characters of one header."""

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TEXTS: Final = {"query": b"TEXT", "from": b"FROM", "to": b"TO", "subject": b"SUBJECT"}
_DATES: Final = {"since": b"SINCE", "before": b"BEFORE"}
_SWITCHES: Final = {"unread": (b"UNSEEN", b"SEEN"), "flagged": (b"FLAGGED", b"UNFLAGGED")}


def folders(request: Request, account: Account, lines: Lines) -> ToolResult:
    """List the folders of a mailbox."""
    with mailbox(request, account, lines) as box:
        found = box.folders()
    told: list[Json] = [{"folder": name, "role": role} if role else {"folder": name} for name, role in sorted(found)]
    return _result({"folders": told})


def search(request: Request, account: Account, lines: Lines) -> ToolResult:
    """List the newest messages of a folder, all or those that fit."""
    limit = request.number("limit", LISTED, MOST_LISTED)
    criteria = list(_criteria(request))
    folder = request.text("folder", "INBOX")
    with mailbox(request, account, lines) as box:
        box.open(folder)
        uids = sorted(box.search(*(criteria or [b"ALL"])))
        heads = {head[0]: head for head in box.heads(uids[-limit:])}
        told = [_listed(box, *heads[uid]) for uid in reversed(uids[-limit:]) if uid in heads]
    return _result({"folder": folder, "found": len(uids), "messages": fitting(told, request.output)})


def read(request: Request, account: Account, lines: Lines) -> ToolResult:
    """Read one message: headers, text, and which attachments it has. It stays unread."""
    message = message_id(request.text("id"))
    with mailbox(request, account, lines) as box:
        box.open_for(message)
        heads = box.heads([message.uid])
        if not heads:
            raise _missing(request, message)
        _, flags, size, header = heads[0]
        found = box.parts(message.uid)
        text, whole = _text(box, message.uid, found)
    headers = headers_of(header)
    body: JsonObject = {"id": str(message), **{name: value for name, value in headers.items() if value}}
    body.pop("references", None)
    body |= {"unread": "\\Seen" not in flags, "size": size, "text": text}
    limit = max(request.output // 2, 1000)
    if len(text.encode()) > limit:
        whole, body["text"] = False, text.encode()[:limit].decode("utf-8", "ignore")
    if not whole:
        body["cut"] = "the text is longer: only its beginning is here"
    attached: list[Json] = [_attachment(part) for part in found if part.attached]
    return _result({**body, "attachments": attached} if attached else body)


def save(request: Request, account: Account, lines: Lines) -> ToolResult:
    """Save one attachment as a new file of the workspace."""
    message, number, path = message_id(request.text("id")), request.text("part"), request.text("path")
    with mailbox(request, account, lines) as box:
        box.open_for(message)
        part = next((part for part in box.parts(message.uid) if part.number == number), None)
        if part is None:
            raise request.refusal(f"has no part {number[:20]!r} in {message}", "mail_read lists the attachments")
        if request.again and _saved_before(request, path, box, message, part):
            return _result({"saved": path, "before": True})
        size = 0
        with new_file(request.workspace, path) as file:
            for chunk in _decoded_chunks(box, message.uid, part):
                size += len(chunk)
                if size > SAVED_BYTES:
                    raise request.refusal(f"has an attachment larger than {SAVED_BYTES} bytes")
                file.write(chunk)
    return _result({"saved": path, "bytes": size, "type": part.kind})


def headers_of(raw: bytes) -> dict[str, str]:
    """Return the headers that are shown, each as one line of text; what is not there is empty."""
    message = message_from_bytes(raw)
    return {name: _shown(decoded(str(message.get(name, "")))) for name in HEADERS}


def _shown(text: str) -> str:
    return " ".join(text.split())[:SHOWN]


def _criteria(request: Request) -> Iterator[bytes]:
    for name, word in _TEXTS.items():
        if name in request.arguments:
            yield word
            yield quoted(request.text(name))
    for name, word in _DATES.items():
        if name in request.arguments:
            yield word
            yield _day(name, request.text(name))
    for name, (yes, no) in _SWITCHES.items():
        if name in request.arguments:
            yield yes if request.flag(name) else no


def _day(name: str, text: str) -> bytes:
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        raise ExecutionError(f"argument {name}", "must be a day such as 2026-02-28") from None
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}".encode()


def _listed(box: Mailbox, uid: int, flags: frozenset[str], size: int, header: bytes) -> JsonObject:
    headers = headers_of(header)
    listed: JsonObject = {
        "id": str(box.id_of(uid)),
        **{name: headers[name] for name in ("date", "from", "to", "subject")},
    }
    listed["size"] = size
    return listed | {name: True for name, is_so in _states(flags).items() if is_so}


def _states(flags: frozenset[str]) -> dict[str, bool]:
    return {
        "unread": "\\Seen" not in flags,
        "flagged": "\\Flagged" in flags,
        "answered": "\\Answered" in flags,
        "draft": "\\Draft" in flags,
    }


def _attachment(part: Part) -> JsonObject:
    size = part.size * 3 // 4 if part.encoding == "base64" else part.size
    return {"part": part.number, "name": _shown(part.name), "type": part.kind, "size": size}


def _text(box: Mailbox, uid: int, found: list[Part]) -> tuple[str, bool]:
    """Return the message's text, and whether it is all of it: the plain one, else that of its page."""
    for kind in ("text/plain", "text/html", "text/"):
        for part in found:
            if part.kind.startswith(kind) and not part.attached:
                raw = box.content(uid, part.number, 0, TEXT_BYTES)
                text = _characters(_bytes(raw, part.encoding), part.charset)
                return (text_of_page(text) if part.kind == "text/html" else text), len(raw) < TEXT_BYTES
    return "", True


def _bytes(raw: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return quopri.decodestring(raw)
    if encoding != "base64":
        return raw
    plain = re.sub(rb"[^A-Za-z0-9+/=]", b"", raw)
    try:
        return base64.b64decode(plain[: len(plain) // 4 * 4])
    except binascii.Error:
        return b""


def _characters(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset, "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def _decoded_chunks(box: Mailbox, uid: int, part: Part) -> Iterator[bytes]:
    """Yield a part's content, piece by piece; base64 is decoded in groups of four, quoted lines whole."""
    rest, offset = b"", 0
    while raw := box.content(uid, part.number, offset, CHUNK_BYTES):
        offset += len(raw)
        if part.encoding == "base64":
            rest += re.sub(rb"[^A-Za-z0-9+/=]", b"", raw)
            cut = len(rest) // 4 * 4
        elif part.encoding == "quoted-printable":
            rest += raw
            cut = rest.rfind(b"\n") + 1
        else:
            rest, cut = raw, len(raw)
        yield _bytes(rest[:cut], part.encoding)
        rest = rest[cut:]
    yield _bytes(rest, part.encoding)


def _saved_before(request: Request, path: str, box: Mailbox, message: MessageId, part: Part) -> bool:
    """Tell whether an earlier try saved this very attachment there."""
    try:
        there = read_bytes(request.workspace, path, SAVED_BYTES)
    except ExecutionError:
        return False
    at = 0
    for chunk in _decoded_chunks(box, message.uid, part):
        if there[at : at + len(chunk)] != chunk:
            return False
        at += len(chunk)
    return at == len(there)


def _missing(request: Request, message: MessageId) -> ExecutionError:
    return request.refusal(f"has no message {message} any more", "list the folder again")


def _result(body: JsonObject) -> ToolResult:
    return ToolResult(json.dumps(body, ensure_ascii=False, indent=1))
