"""A connection's target and options -> the mail account that it is.

[connections.office]
adapter = "mail"
target = "imaps://imap.example"                 # or smtps://...: it sends alone
user = "anna@shop.example"
secrets = { password = "office_mail" }          # or token: OAuth's, for XOAUTH2
options = { smtp = "smtps://smtp.example", from = "anna@shop.example" }
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import idna

from safety_core.edge.adapters.mail.line import Server
from safety_core.edge.adapters.recipients import ADDRESS
from safety_core.edge.adapters.request import Request

SCHEMES: Final = {"imaps": (993, True), "imap": (143, False), "smtps": (465, True), "smtp": (587, False)}
"""The port, and whether TLS comes first. The others ask for TLS as soon as they are connected (STARTTLS)."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are at one server, or nobody."""

    user: str = ""
    password: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A mail account.

    Attributes:
        imap, smtp: None where the connection has none.
        sender: the address that its mail comes from.
        folders: by role ("sent", "drafts", "trash"), where the operator named one.
        probe: a dry run asks the server whether it would take the recipients.
    """

    imap: Server | None
    smtp: Server | None
    login: Login
    smtp_login: Login
    sender: str
    folders: dict[str, str]
    ca: str
    probe: bool


def account_of(request: Request) -> Account:
    """Return the account. Raises ExecutionError naming what is wrong with the connection's settings."""
    connection = request.connection
    target = _server(request, connection.target)
    sends = connection.target.startswith("smtp")
    other = request.option("smtp")
    smtp = target if sends else _server(request, other) if other else None
    login = _login(request, connection.user, "password")
    user = request.option("smtp_user", connection.user)
    smtp_login = _login(request, user, "smtp_password" if "smtp_password" in connection.secrets else "password")
    return Account(
        None if sends else target,
        smtp,
        login,
        smtp_login,
        _sender(request),
        {role: name for role in ("sent", "drafts", "trash") if (name := request.option(role))},
        request.option("ca"),
        connection.options.get("check_recipients") is True,
    )


def _login(request: Request, user: str, slot: str) -> Login:
    if not user:
        return Login()
    token, password = request.secret("token"), request.secret(slot)
    if not token and not password:
        fix = 'name one: secrets = { password = "NAME" }; or leave the user out, where the server asks nobody'
        raise request.refusal(f"has the user {user}, but no secret of theirs", fix)
    if any(sign in f"{user}{token}{password}" for sign in "\0\r\n"):
        raise request.refusal("has a user or a secret with a line's end in it", "store it again without that")
    return Login(user, password or "", token or "")


def _server(request: Request, url: str) -> Server:
    try:
        parts = urlsplit(url)
        port, host = parts.port, _ascii(parts.hostname or "")
    except (ValueError, UnicodeError):
        parts, port, host = urlsplit(""), None, ""
    if parts.scheme not in SCHEMES or not host or parts.path.strip("/") or parts.username or parts.query:
        fix = "write imaps://HOST, smtps://HOST, or imap:// and smtp:// for STARTTLS, with :PORT where it is another"
        raise request.refusal("has a server that is no address of one", fix)
    usual, implicit = SCHEMES[parts.scheme]
    return Server(host, port or usual, implicit)


def _ascii(host: str) -> str:
    return host if host.isascii() else idna.encode(host).decode("ascii")


def _sender(request: Request) -> str:
    sender = request.option("from", request.connection.user)
    if sender and not ADDRESS.fullmatch(sender):
        raise request.refusal("has no plain address to send from", 'options = { from = "anna@shop.example" }')
    return sender
