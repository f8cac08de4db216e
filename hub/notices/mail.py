"""E-mail: plain text, from one sender, by the SMTP server in the settings, over TLS."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

from hub.notices.refusals import UndeliverableError
from hub.notices.wording import Message
from safety_core.errors import InputError, UnavailableError

SECONDS: Final = 15.0
"""For each step of the conversation with the mail server."""

ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
"""What people have (RFC 5321, without quoted and non-ASCII forms): nothing in it ends a header or an SMTP command."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `tls`: from the first byte on; else STARTTLS, but for a server on this machine."""

    host: str
    port: int
    tls: bool
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def local(self) -> bool:
        """Tell whether the server is on this machine, where there is nobody to listen in."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def mail_server(url: str, sender: str) -> MailServer:
    """Return what the settings say ("smtps://user:password@mail.example:465"), or raise InputError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InputError("hub setting smtp", "is not a URL") from error
    if parts.scheme not in {"smtp", "smtps"} or not host:
        raise InputError("hub setting smtp", "must be smtp://host:port or smtps://host:port")
    tls = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(host, port or (465 if tls else 587), tls, checked_address(sender), user, password)


def checked_address(address: str) -> str:
    """Return an e-mail address, or raise InputError."""
    if not ADDRESS.fullmatch(address) or ".." in address:
        raise InputError("e-mail address", "must look like name@example.com")
    return address


def composed(message: Message, sender: str, address: str, name: str, now: float) -> EmailMessage:
    """Return the mail. `name`: of the row in the outbox: a mail that comes twice is known by its Message-ID."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = address
    mail["Subject"] = " ".join(message.title.split())
    mail["Date"] = formatdate(now)
    mail["Message-ID"] = f"<{name}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text + "\n")
    return mail


async def send(server: MailServer, mail: EmailMessage) -> None:
    """Hand a mail in.

    Raises:
        UndeliverableError: the server takes no mail for this address.
        UnavailableError: not this time.
    """
    import aiosmtplib

    try:
        await aiosmtplib.send(
            mail,
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.tls,
            start_tls=not (server.tls or server.local),
            timeout=SECONDS,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        if all(refused.code >= 500 for refused in error.recipients):
            raise UndeliverableError("e-mail address", "is refused by the mail server") from error
        raise UnavailableError("mail server", "does not take mail for this address now") from error
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise UnavailableError("mail server", f"did not take the mail ({type(error).__name__})") from error
