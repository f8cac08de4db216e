"""A mail house on loopback: dovecot keeps the mailboxes (IMAP), aiosmtpd takes mail in (SMTP) and puts it there."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.simulators.certificates import Certificate, certificate
from tests.simulators.serving import free_port

DOVECOT = "/usr/sbin/dovecot"

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
listen = 127.0.0.1
protocols = imap
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
ssl = required
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = yes
auth_mechanisms = plain login xoauth2
first_valid_uid = 1
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%n
mail_fsync = never
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
}}
"""


@dataclass
class MailHouse:
    """Both servers. `user` has a mailbox for "anna@shop.test"; what arrives for whomever is put into it."""

    folder: Path
    trusted: Certificate
    imap: int
    imaps: int
    uid: int
    gid: int
    user: str = "anna"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    smtps: int = 0
    starttls: int = 0
    open: int = 0
    """The port that asks nobody who they are, without TLS."""
    taken: list[Envelope] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Recipients that it does not take."""
    fails: str = ""
    """What it says to a whole message instead of taking it."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 nobody is called so"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.fails:
            return self.fails
        self.taken.append(envelope)
        assert isinstance(envelope.content, bytes)
        self.deliver(envelope.content)
        return "250 2.0.0 taken"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.login == b"anna" and data.password == self.password.encode()
        return AuthResult(success=good, handled=False)

    def deliver(self, message: bytes) -> None:
        """Put a message into the mailbox."""
        box = self.folder / "mail" / "anna"
        for name in ("", "new", "cur", "tmp"):
            (box / name).mkdir(parents=True, exist_ok=True)
            os.chown(box / name, self.uid, self.gid)
        name = f"{time.time_ns()}.{secrets.token_hex(4)}.test"
        (box / "tmp" / name).write_bytes(message)
        os.chown(box / "tmp" / name, self.uid, self.gid)
        (box / "tmp" / name).rename(box / "new" / name)

    def client(self) -> imaplib.IMAP4_SSL:
        """Return a session of another program, logged in."""
        context = ssl.create_default_context(cadata=self.trusted.pem)
        client = imaplib.IMAP4_SSL("localhost", self.imaps, ssl_context=context)
        client.login(self.user, self.password)
        return client

    def messages(self, folder: str = "INBOX") -> list[bytes]:
        """Return the messages of a folder, as another program sees them."""
        with self.client() as client:
            if client.select(folder, readonly=True)[0] != "OK":
                return []
            numbers = client.search(None, "ALL")[1][0].split()
            return [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1] for number in numbers]  # type: ignore[index]

    def empty(self) -> None:
        """Forget all mail."""
        self.taken.clear()
        self.refused.clear()
        self.fails = ""
        with self.client() as client:
            for folder in ("INBOX", "Sent", "Drafts", "Trash", "Bills"):
                status, (count, *_) = client.select(folder)
                if status == "OK" and count != b"0":
                    client.store("1:*", "+FLAGS", "\\Deleted")
                    client.expunge()


@contextmanager
def mail_house() -> Iterator[MailHouse]:
    """Yield both servers, started."""
    assert Path(DOVECOT).exists(), "no dovecot on this machine. Fix: tools/dovecot.sh, as `make test` does"
    folder = Path(tempfile.mkdtemp(prefix="safety-mail-", dir="/tmp"))
    folder.chmod(0o755)
    root = os.getuid() == 0
    owner = pwd.getpwnam("dovecot") if root else pwd.getpwuid(os.getuid())
    login = "dovenull" if root else owner.pw_name
    house = MailHouse(folder, certificate(folder), free_port(), free_port(), owner.pw_uid, owner.pw_gid)
    (folder / "users").touch(0o600)
    (folder / "users").write_text(f"{house.user}:{{PLAIN}}{house.password}::::::\n")
    os.chown(folder / "users", house.uid, house.gid)
    (folder / "mail").mkdir()
    os.chown(folder / "mail", house.uid, house.gid)
    group = grp.getgrgid(owner.pw_gid).gr_name
    text = CONFIGURATION.format(
        folder=folder, internal=owner.pw_name, internal_group=group, login=login, chain=house.trusted.chain,
        key=house.trusted.key, uid=house.uid, gid=house.gid, imap=house.imap, imaps=house.imaps,
    )  # fmt: skip
    (folder / "dovecot.conf").write_text(text)
    server = subprocess.Popen([DOVECOT, "-F", "-c", folder / "dovecot.conf"], stderr=subprocess.DEVNULL)
    try:
        _await_ready(house, server)
        with _smtp(house):
            yield house
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


class Implicit(Controller):  # type: ignore[misc,unused-ignore]
    """A server of aiosmtpd that knows of TLS from the first byte on: it counts STARTTLS alone as secure."""

    def factory(self) -> SMTP:
        server: SMTP = super().factory()
        server._auth_require_tls = False
        return server


@contextmanager
def _smtp(house: MailHouse) -> Iterator[None]:
    secure = house.trusted.context()
    how = {"hostname": "127.0.0.1", "port": 0, "decode_data": False, "ready_timeout": 30.0, "data_size_limit": 2**26}
    named = {"authenticator": house.authenticate, "auth_required": True}
    servers = [
        Implicit(house, ssl_context=secure, auth_require_tls=True, **how, **named),  # type: ignore[arg-type]
        Controller(house, tls_context=house.trusted.context(), require_starttls=True, **how, **named),  # type: ignore[arg-type]
        Controller(house, **how),  # type: ignore[arg-type]
    ]
    ports = []
    try:
        for server in servers:
            server.port = free_port()
            server.start()
            ports.append(server.port)
        house.smtps, house.starttls, house.open = ports
        yield
    finally:
        for server in servers[: len(ports)]:
            server.stop()


def _await_ready(house: MailHouse, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with house.client():
                return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                log = house.folder / "log"
                raise RuntimeError(f"dovecot did not start: {log.read_text()[-800:] if log.exists() else ''}") from None
            time.sleep(0.05)
