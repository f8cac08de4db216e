"""SMTP: one message to one server, step by step, so that it is known at each what has come about.

Until the line with the final dot is handed to the kernel nothing has been sent. From then on it has, unless the server
says otherwise; a line cut in between leaves nobody knowing.
"""

from __future__ import annotations

import base64
import re
import select
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from safety_core.edge.adapters.mail.account import Account, Login
from safety_core.edge.adapters.mail.line import Lines, Server
from safety_core.edge.adapters.request import Request

ENHANCED: Final = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}\b")
"""A reply's own number of what is wrong (RFC 3463). Its text is the server's, and told to nobody."""


class Submission:
    """A session with a server that takes mail in. All methods raise ExecutionError: nothing was sent."""

    def __init__(self, request: Request, smtp: smtplib.SMTP, server: Server) -> None:
        self._request = request
        self._smtp = smtp
        self._server = server

    def envelope(self, sender: str, recipients: Sequence[str], size: int) -> None:
        """Name who sends and who receives: all of them are taken, or none."""
        options = [f"SIZE={size}"] if self._smtp.has_extn("size") else []
        self._expect(self._ask(f"MAIL FROM:<{sender}> {' '.join(options)}".strip()), f"refused the sender {sender}")
        for recipient in recipients:
            self._expect(self._ask(f"RCPT TO:<{recipient}>"), f"refused the recipient {recipient}")

    def reset(self) -> None:
        """Take the envelope back."""
        self._ask("RSET")

    def hand_over(self, message: bytes) -> None:
        """Hand the message over, but for the line that ends it."""
        code, text = self._ask("DATA")
        if code != 354:
            self._expect((code, text), "takes no message")
        stuffed = re.sub(rb"(?m)^\.", b"..", message)
        try:
            self._smtp.send(stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n")
        except (OSError, smtplib.SMTPException) as error:
            raise self._cut(error) from None

    def finish(self) -> str:
        """Send the line that ends it; return the server's number for what it took ("250 2.0.0").

        Raises:
            UncertainError: the line was cut before the server's answer came.
            ExecutionError: the server refused the message.
        """
        self._still_there()
        try:
            self._smtp.send(b".\r\n")
            answer = self._smtp.getreply()
        except (OSError, smtplib.SMTPException, ValueError):
            answer = (-1, b"")
        if not 400 <= answer[0] < 600 and answer[0] // 100 != 2:
            raise self._request.uncertain("was cut off while the server took the message")
        self._expect(answer, "refused the message")
        return _number(answer)

    def _still_there(self) -> None:
        """Refuse where the server has hung up or said something in between: what ends the message is not sent then."""
        line = self._smtp.sock
        if line is None or select.select([line], [], [], 0)[0]:
            raise self._cut(ConnectionError())

    def _ask(self, line: str) -> tuple[int, bytes]:
        try:
            return self._smtp.docmd(line)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise self._cut(error) from None

    def _expect(self, answer: tuple[int, bytes], otherwise: str) -> None:
        if not 200 <= answer[0] < 300:
            raise self._request.refusal(f"{self._server.host} {otherwise} ({_number(answer)})")

    def _cut(self, error: Exception) -> Exception:
        return self._request.refusal(
            f"{self._server.host} was cut off before the message was sent ({type(error).__name__})"
        )


@contextmanager
def submission(request: Request, account: Account, lines: Lines) -> Iterator[Submission]:
    """Yield a session, inside of TLS and logged in. Raises ExecutionError: nothing was sent."""
    server = account.smtp
    if server is None:
        raise request.refusal("has no server to send by", 'options = { smtp = "smtps://HOST" }')
    domain = account.sender.rpartition("@")[2] or "localhost"
    smtp = smtplib.SMTP(local_hostname=domain)
    smtp.sock = lines.to(server)
    try:
        _enter(request, smtp, server, account.smtp_login, lines)
        yield Submission(request, smtp, server)
        with suppress(OSError, smtplib.SMTPException, ValueError):
            smtp.quit()
    finally:
        smtp.close()


def _enter(request: Request, smtp: smtplib.SMTP, server: Server, login: Login, lines: Lines) -> None:
    try:
        secure = _greeted(request, smtp, server, lines)
        if login.user:
            _log_in(request, smtp, login, secure=secure)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise request.refusal(f"{server.host} was cut off or speaks no SMTP ({type(error).__name__})") from None


def _greeted(request: Request, smtp: smtplib.SMTP, server: Server, lines: Lines) -> bool:
    """Read the greeting, begin TLS; return whether it is there."""
    code, _ = smtp.getreply()
    if code != 220:
        raise request.refusal(f"{server.host} takes no mail in now ({code})")
    smtp.ehlo_or_helo_if_needed()
    if server.implicit:
        return True
    if not smtp.has_extn("starttls") or smtp.docmd("STARTTLS")[0] != 220 or smtp.sock is None:
        return _plain(request, server)
    smtp.sock = lines.secured(smtp.sock, server)
    smtp.file = None  # what came before TLS is forgotten: it was nobody's
    smtp.helo_resp = smtp.ehlo_resp = None
    smtp.esmtp_features, smtp.does_esmtp = {}, False
    smtp.ehlo_or_helo_if_needed()
    return True


def _plain(request: Request, server: Server) -> bool:
    if not request.connection.private:
        raise request.refusal(f"{server.host} offers no TLS", "use smtps://, or another server")
    return False


def _log_in(request: Request, smtp: smtplib.SMTP, login: Login, *, secure: bool) -> None:
    if not secure:
        raise request.refusal("would show its password to the network: the server offers no TLS", 'smtp_user = ""')
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    if login.token:
        code, _ = smtp.docmd("AUTH", f"XOAUTH2 {_coded(xoauth2(login))}")
        if code == 334:
            code, _ = smtp.docmd("")
    elif "PLAIN" in offered or "LOGIN" not in offered:
        code, _ = smtp.docmd("AUTH", f"PLAIN {_coded(plain(login))}")
    else:
        code, _ = smtp.docmd("AUTH", "LOGIN")
        if code == 334:
            code, _ = smtp.docmd(_coded(login.user.encode()))
        if code == 334:
            code, _ = smtp.docmd(_coded(login.password.encode()))
    if code != 235:
        fix = "safety secret set, with what the server knows"
        raise request.refusal(f"is not let in as {login.user} to send ({code}): the secret is wrong or has ended", fix)


def plain(login: Login) -> bytes:
    """Return what PLAIN says (RFC 4616)."""
    return f"\0{login.user}\0{login.password}".encode()


def xoauth2(login: Login) -> bytes:
    """Return what XOAUTH2 says, as Google and Microsoft have it."""
    return f"user={login.user}\x01auth=Bearer {login.token}\x01\x01".encode()


def _coded(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _number(answer: tuple[int, bytes]) -> str:
    enhanced = ENHANCED.match(answer[1])
    return f"{answer[0]} {enhanced[0].decode()}" if enhanced else str(answer[0])
