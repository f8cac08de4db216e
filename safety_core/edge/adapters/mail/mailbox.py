"""A mailbox over IMAP: what is asked and done there, one command or two for each."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from safety_core.edge.adapters.mail import names
from safety_core.edge.adapters.mail.account import Account, Login
from safety_core.edge.adapters.mail.line import Lines, Server
from safety_core.edge.adapters.mail.names import MessageId, quoted
from safety_core.edge.adapters.mail.structure import Part, parts
from safety_core.edge.adapters.mail.submission import plain, xoauth2
from safety_core.edge.adapters.mail.wire import Literal, Reply, Value, Wire, after
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError

HEADER_BYTES: Final = 32 * 1024
"""Of a message's header; more is routes and signatures."""

CHUNK_BYTES: Final = 1024 * 1024
"""Fetched at once of what is saved to a file."""

USUAL: Final = {"sent": "Sent", "drafts": "Drafts", "trash": "Trash"}
"""Folders by role, where neither the operator nor the server names one (RFC 6154)."""


class Mailbox:
    """A session that is logged in. All methods raise ExecutionError."""

    def __init__(self, request: Request, wire: Wire, folders: dict[str, str]) -> None:
        self._request = request
        self._wire = wire
        self._named = folders
        self._powers: frozenset[bytes] = frozenset()
        self._validity = 0
        self._folder = ""

    def learn(self) -> None:
        """Ask what the server can do."""
        reply = self._wire.command("CAPABILITY")
        self._powers = frozenset(word.upper() for line in reply.said for word in line.split())

    def can(self, power: bytes) -> bool:
        """Tell whether the server has an extension."""
        return power in self._powers

    def folders(self) -> list[tuple[str, str]]:
        """Return the folders that hold messages: name, and role ("sent", "trash") or nothing."""
        found = []
        for _, *values in self._wire.command("LIST", b'""', b'"*"').values(b"LIST"):
            flags, name = values[0], values[-1]
            marks = {flag.lower() for flag in flags if isinstance(flag, bytes)} if isinstance(flags, list) else set()
            if isinstance(name, bytes) and b"\\noselect" not in marks:
                role = next((role for role in USUAL if f"\\{role}".encode() in marks), "")
                found.append((names.read(name.decode("utf-8", "replace")), role))
        return found

    def folder_for(self, role: str) -> str:
        """Return the folder for "sent", "drafts" or "trash", made where there is none."""
        if role not in self._named:
            known = self.folders()
            marked = [name for name, its in known if its == role]
            self._named[role] = marked[0] if marked else USUAL[role]
            if not marked and USUAL[role] not in (name for name, _ in known):
                self._wire.command("CREATE", _folder(USUAL[role]))
        return self._named[role]

    def open(self, folder: str, *, write: bool = False) -> int:
        """Open a folder; return its UIDVALIDITY."""
        reply = self._wire.command("SELECT" if write else "EXAMINE", _folder(folder))
        validity = reply.code(b"UIDVALIDITY")
        if not reply.ok or not validity or not validity[0].isdigit():
            raise self._request.refusal(f"has no folder {folder!r}", "mail_folders shows them")
        self._validity, self._folder = int(validity[0]), folder
        return self._validity

    def open_for(self, message: MessageId, *, write: bool = False) -> None:
        """Open a message's folder. Raises ExecutionError where ids of that time no longer hold."""
        if self.open(message.folder, write=write) != message.validity:
            raise self._request.refusal(f"has numbered {message.folder!r} anew", "list it again")

    def id_of(self, uid: int) -> MessageId:
        """Return the id of a message of the open folder."""
        return MessageId(self._folder, self._validity, uid)

    def search(self, *criteria: bytes) -> list[int]:
        """Return the numbers of the messages in the open folder that fit, the newest last."""
        charset = [] if all(word.isascii() for word in criteria) else [b"CHARSET", b"UTF-8"]
        reply = self._wire.command("UID", "SEARCH", *charset, *criteria)
        if not reply.ok:
            raise self._request.refusal("cannot search for this", "search for a part of it, in plain letters")
        return [int(word) for line in reply.said if line[:6].upper() == b"SEARCH" for word in line.split()[1:]]

    def with_message_id(self, text: str) -> list[int]:
        """Return the messages of the open folder that have this Message-ID."""
        return self.search(b"HEADER", b"MESSAGE-ID", quoted(text))

    def heads(self, uids: list[int]) -> list[tuple[int, frozenset[str], int, bytes]]:
        """Return number, flags, size in bytes and header of each message that is there."""
        if not uids:
            return []
        wanted = f"(UID FLAGS RFC822.SIZE BODY.PEEK[HEADER]<0.{HEADER_BYTES}>)"
        reply = self._fetched(",".join(map(str, uids)), wanted)
        return [found for fields in reply if (found := _head(fields)) is not None]

    def parts(self, uid: int) -> list[Part]:
        """Return the parts of a message."""
        for fields in self._fetched(str(uid), "(UID BODYSTRUCTURE)"):
            structure = after(fields, b"BODYSTRUCTURE")
            if isinstance(structure, list):
                return parts(structure)
        return []

    def content(self, uid: int, number: str, offset: int, limit: int) -> bytes:
        """Return `limit` bytes of a part from `offset` on, encoded as they were sent."""
        for fields in self._fetched(str(uid), f"(UID BODY.PEEK[{number}]<{offset}.{limit}>)"):
            for at, value in enumerate(fields[:-1]):
                content = fields[at + 1]
                if isinstance(value, bytes) and value.upper().startswith(b"BODY[") and isinstance(content, bytes):
                    return content[:limit]
        return b""

    def flags(self, uid: int) -> frozenset[str] | None:
        """Return a message's flags ("\\Seen"), None where it is not there."""
        for fields in self._fetched(str(uid), "(UID FLAGS)"):
            return _flags(fields)
        return None

    def mark(self, uid: int, sign: str, flag: str) -> None:
        """Set ("+") or clear ("-") a flag."""
        self._done(self._wire.command("UID", "STORE", str(uid), f"{sign}FLAGS.SILENT", f"({flag})", act=True), "mark")

    def append(self, folder: str, flags: str, message: bytes) -> int:
        """Put a message into a folder; return its number there, 0 where the server does not tell."""
        reply = self._wire.command("APPEND", _folder(folder), f"({flags})", Literal(message), act=True)
        self._done(reply, "keep a message")
        code = reply.code(b"APPENDUID")
        return int(code[1]) if len(code) == 2 and code[1].isdigit() else 0

    def move(self, uid: int, folder: str) -> MessageId | None:
        """Move a message of the open folder; return its new id, None where the server does not tell."""
        if self.can(b"MOVE"):
            reply = self._wire.command("UID", "MOVE", str(uid), _folder(folder), act=True)
        elif self.can(b"UIDPLUS"):
            reply = self._wire.command("UID", "COPY", str(uid), _folder(folder), act=True)
        else:
            raise self._request.refusal("has a server that cannot move a single message (MOVE, UIDPLUS)")
        self._done(reply, f"move a message to {folder!r}")
        if not self.can(b"MOVE"):
            self.expunge(uid)
        code = reply.code(b"COPYUID")
        told = len(code) == 3 and code[0].isdigit() and code[2].isdigit()
        return MessageId(folder, int(code[0]), int(code[2])) if told else None

    def expunge(self, uid: int) -> None:
        """Remove one message of the open folder for good, and no other that is marked so."""
        if not self.can(b"UIDPLUS"):
            raise self._request.refusal("has a server that cannot remove a single message (UIDPLUS)")
        self.mark(uid, "+", "\\Deleted")
        self._done(self._wire.command("UID", "EXPUNGE", str(uid), act=True), "remove a message")

    def close(self) -> None:
        """Take leave."""
        with suppress(ExecutionError):
            self._wire.command("LOGOUT")

    def _fetched(self, uids: str, wanted: str) -> list[list[Value]]:
        try:
            responses = self._wire.command("UID", "FETCH", uids, wanted).values(b"FETCH")
        except ValueError:
            raise self._request.refusal(f"{self._wire.host} answered with what is no IMAP") from None
        return [fields for *_, fields in responses if isinstance(fields, list)]

    def _done(self, reply: Reply, what: str) -> None:
        if not reply.ok:
            raise self._request.refusal(f"does not let us {what}")


@contextmanager
def mailbox(request: Request, account: Account, lines: Lines) -> Iterator[Mailbox]:
    """Yield a session, inside of TLS and logged in. Raises ExecutionError."""
    server = account.imap
    if server is None:
        raise request.refusal("has no mailbox: it sends alone", 'target = "imaps://HOST"')
    wire = Wire(request, server.host, lines.to(server))
    try:
        if not wire.greeting().upper().startswith(b"* OK"):
            raise request.refusal(f"{server.host} lets nobody in now")
        secure = server.implicit or _begin_tls(request, wire, server, lines)
        box = Mailbox(request, wire, dict(account.folders))
        box.learn()
        _log_in(request, wire, box, account.login, secure=secure)
        box.learn()
        yield box
        box.close()
    finally:
        wire.end()


def _begin_tls(request: Request, wire: Wire, server: Server, lines: Lines) -> bool:
    if wire.command("STARTTLS").ok:
        wire.attach(lines.secured(wire.line, server))
        return True
    if not request.connection.private:
        raise request.refusal(f"{server.host} offers no TLS", "use imaps://, or another server")
    return False


def _log_in(request: Request, wire: Wire, box: Mailbox, login: Login, *, secure: bool) -> None:
    if not login.user:
        raise request.refusal("names nobody to log in as", 'user = "anna@shop.example", and secrets')
    if not secure:
        raise request.refusal("would show its password to the network: the server offers no TLS", "use imaps://")
    if login.token:
        inside = wire.authenticate("XOAUTH2", base64.b64encode(xoauth2(login)))
    elif box.can(b"AUTH=PLAIN"):
        inside = wire.authenticate("PLAIN", base64.b64encode(plain(login)))
    else:
        inside = wire.command("LOGIN", quoted(login.user), quoted(login.password)).ok
    if not inside:
        fix = "safety secret set, with what the server knows"
        raise request.refusal(f"is not let in as {login.user}: the secret is wrong or has ended", fix)


def _folder(name: str) -> bytes:
    return quoted(names.spelled(name))


def _head(fields: list[Value]) -> tuple[int, frozenset[str], int, bytes] | None:
    uid, size = after(fields, b"UID"), after(fields, b"RFC822.SIZE")
    header = next((fields[at + 1] for at, value in enumerate(fields[:-1]) if _is_header(value)), None)
    if not (isinstance(uid, bytes) and isinstance(size, bytes) and isinstance(header, bytes)):
        return None
    return int(uid), _flags(fields), int(size), header[:HEADER_BYTES]


def _is_header(value: Value) -> bool:
    return isinstance(value, bytes) and bool(re.match(rb"BODY\[HEADER\]", value, re.IGNORECASE))


def _flags(fields: list[Value]) -> frozenset[str]:
    flags = after(fields, b"FLAGS")
    return frozenset(flag.decode("ascii", "replace") for flag in flags or () if isinstance(flag, bytes))
