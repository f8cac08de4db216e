"""The arguments of a call -> a message, with the attachments that lie in the workspace."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from pathlib import PurePath
from typing import Final

from safety_core.classify.arguments import leaves
from safety_core.edge.adapters.mail.account import Account
from safety_core.edge.adapters.mail.pages import text_of_page
from safety_core.edge.adapters.recipients import addresses_of, header_of, recipients
from safety_core.edge.adapters.request import Request
from safety_core.edge.workspace import read_bytes
from safety_core.errors import ExecutionError
from safety_core.model.secret import references

ATTACHED_BYTES: Final = 10 * 1024 * 1024
"""All attachments of one message: with their encoding and copies of it they stand in memory some four times."""

MOST_ATTACHED: Final = 50
SUBJECT_LENGTH: Final = 500
REFERENCES_LENGTH: Final = 2000

MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,250}>")

_WIRE: Final = SMTP.clone(cte_type="7bit")
"""What every server takes: lines of ASCII, ends as they are sent."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The message that this one answers, by its headers."""

    message_id: str
    references: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Composed:
    """A message as it is sent, and whom it reaches.

    Attributes:
        envelope: what the server is told in RCPT TO. The message names those of `bcc` nowhere.
    """

    message_id: str
    sender: str
    envelope: tuple[str, ...]
    content: bytes


def message_id_of(request: Request, account: Account) -> str:
    """Return the Message-ID of this intended act: the same at each try."""
    domain = account.sender.rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(request.key.encode()).hexdigest()}@{domain}>"


def composed(request: Request, account: Account, answered: Answered | None) -> Composed:
    """Return the message.

    Raises:
        ExecutionError: an argument is not what it must be, or a file cannot be attached.
    """
    if not account.sender:
        raise request.refusal("has no address to send from", 'options = { from = "anna@shop.example" }')
    people = recipients(request.arguments, "to", "cc", "bcc")
    message = EmailMessage(policy=_WIRE)
    message["From"] = account.sender
    for name in ("to", "cc"):
        if people[name]:
            message[name.capitalize()] = header_of(people[name])
    message["Subject"] = _subject(request, answered)
    message["Date"] = formatdate(localtime=True)
    identity = message_id_of(request, account)
    message["Message-ID"] = identity
    if answered is not None:
        message["In-Reply-To"] = answered.message_id
        message["References"] = f"{answered.references[-REFERENCES_LENGTH:]} {answered.message_id}".strip()
    _text(request, message)
    _attach(request, message)
    return Composed(identity, account.sender, tuple(addresses_of(people)), message.as_bytes())


def _subject(request: Request, answered: Answered | None) -> str:
    before = answered.subject if answered else ""
    usual = before if not before or before[:3].casefold() == "re:" else f"Re: {before}"
    subject = request.text("subject", usual)
    if re.search(r"[\x00-\x1f\x7f]", subject) or len(subject) > SUBJECT_LENGTH:
        reason = f"must be one line of at most {SUBJECT_LENGTH} characters"
        raise ExecutionError("argument subject", reason, "put the rest into the body")
    return subject


def _text(request: Request, message: EmailMessage) -> None:
    page = request.text("html", "")
    body = request.text("body", text_of_page(page) if page else None)
    try:
        message.set_content(body)
        if page:
            message.add_alternative(page, subtype="html")
    except UnicodeError:
        raise ExecutionError("argument body", "holds half a character") from None


def _attach(request: Request, message: EmailMessage) -> None:
    paths = list(leaves(request.arguments.get("attachments")))
    if len(paths) > MOST_ATTACHED:
        raise ExecutionError("argument attachments", f"names more than {MOST_ATTACHED} files", "pack them into one")
    left = ATTACHED_BYTES
    for path in paths:
        if ":" in path or references(path):
            raise ExecutionError("argument attachments", "must be paths of files in the workspace, without a colon")
        content = read_bytes(request.workspace, path, left)
        left -= len(content)
        name = PurePath(path).name
        kind, coding = mimetypes.guess_type(name)
        main, _, sub = ("application/octet-stream" if kind is None or coding else kind).partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
