"""Mail when something goes wrong: wrong secrets, silence, too much, a line that is cut, a process that is killed."""

from __future__ import annotations

import base64
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from safety_core.edge.adapters.mail import mailbox, serve, submission
from safety_core.edge.confine.confinement import MIB, Confinement
from safety_core.edge.execute.limits import Limits
from safety_core.errors import ExecutionError, UncertainError
from tests.safety_core.edge.adapters.mail.conftest import PASSWORD, Mail
from tests.simulators.certificates import certificate
from tests.simulators.line_server import line_server
from tests.simulators.relay import Relay, relay
from tests.simulators.worker import answered, worker

LETTER = {"to": "bo@mill.test", "subject": "one act", "body": "x\n" * 500}


def refusal(caught: pytest.ExceptionInfo[ExecutionError], mail: Mail) -> str:
    """Return an error's text, which holds no secret and says that nothing came about."""
    assert not isinstance(caught.value, UncertainError)
    assert mail.house.password not in str(caught.value)
    return str(caught.value)


@contextmanager
def through(mail: Mail, **how: Any) -> Iterator[Relay]:
    """Send by a server over a line that is cut; it asks for no password, so that the line is readable."""
    with relay(mail.house.open, **how) as line:
        mail.options |= {"smtp": f"smtp://localhost:{line.port}", "smtp_user": ""}
        yield line


def sent(mail: Mail) -> int:
    """Return how many messages have arrived, once the server has done what it was told."""
    deadline = time.monotonic() + 60
    while not mail.house.messages() and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(mail.house.messages())


async def test_a_wrong_password_is_said_for_each_server(mail: Mail) -> None:
    mail.password = "what it was last year"
    with pytest.raises(ExecutionError, match="is not let in as anna") as caught:
        await mail.child("search")
    assert mail.password not in refusal(caught, mail)
    mail.target, mail.options["smtp"] = f"smtps://localhost:{mail.house.smtps}", ""
    with pytest.raises(ExecutionError, match=r"is not let in as anna to send \(535\)") as caught:
        await mail.child("send", **LETTER)
    assert mail.password not in refusal(caught, mail)


async def test_a_secret_that_is_not_named_is_asked_for(mail: Mail) -> None:
    request = mail.request("search")
    object.__setattr__(request.connection, "secrets", {})
    with pytest.raises(ExecutionError, match="no secret of theirs"):
        await serve(request)


async def test_a_certificate_of_somebody_else_is_refused(mail: Mail, tmp_path: Path) -> None:
    mail.options["ca"] = str(certificate(tmp_path).chain)
    with pytest.raises(ExecutionError, match="certificate that is not trusted"):
        await mail.run("search")
    for path in (tmp_path / "missing", tmp_path / "key.pem"):
        mail.options["ca"] = str(path)
        with pytest.raises(ExecutionError, match="not the path of a PEM"):
            await mail.run("search")
    mail.options["ca"] = str(certificate(tmp_path, "other.test").chain)
    with pytest.raises(ExecutionError, match="certificate that is not trusted"):
        await mail.run("send", **LETTER)
    assert mail.house.taken == []


async def test_this_machine_is_reached_only_where_the_operator_says_so(mail: Mail) -> None:
    request = mail.request("search")
    object.__setattr__(request.connection, "private", False)
    with pytest.raises(ExecutionError, match="leads to this machine or its network"):
        await serve(request)


async def test_a_server_that_hides_tls_gets_no_password(mail: Mail) -> None:
    said: list[bytes] = []

    def answer(line: bytes) -> bytes:
        said.append(line)
        tag = line.split()[0]
        return tag + (b" BAD no\r\n" if b"STARTTLS" in line else b" OK done\r\n")

    with line_server(b"* OK here\r\n", answer) as port:
        mail.target = f"imap://localhost:{port}"
        with pytest.raises(ExecutionError, match="would show its password"):
            await mail.run("search")
    assert b"LOGIN" not in b"".join(said)


@pytest.mark.parametrize("greeting", [b"", b"* OK here\r\n"], ids=["silent", "silent after its greeting"])
async def test_a_server_that_does_not_answer_is_left_in_time(mail: Mail, greeting: bytes) -> None:
    with line_server(greeting, lambda line: None) as port:
        mail.target = f"imap://localhost:{port}"
        with pytest.raises(ExecutionError, match="cut off or did not answer in time") as caught:
            await mail.child("search", timeout=1.5)
        refusal(caught, mail)


async def test_a_server_that_drips_is_left_in_time(mail: Mail) -> None:
    def drip(line: bytes) -> Iterator[bytes]:
        while True:
            time.sleep(0.1)
            yield b"250-x\r\n"

    with line_server(b"220 here\r\n", drip) as port:
        mail.target, mail.options = f"smtp://localhost:{port}", {"smtp_user": "", "from": "anna@shop.test"}
        with pytest.raises(ExecutionError) as caught:
            await mail.child("send", timeout=1.5, **LETTER)
        refusal(caught, mail)


async def test_a_mail_of_fifty_mib_is_read_in_part(mail: Mail) -> None:
    line = b"four hundred and twelve loaves of rye, and not one of wheat\r\n"
    mail.house.deliver(b"From: bo@mill.test\r\nSubject: all\r\n\r\n" + line * ((50 << 20) // len(line)))
    listed = await mail.child("search")
    assert '"size": 52' in listed.output
    identity = (await mail.do("search"))["messages"][0]["id"]
    told = await mail.child("read", id=identity)
    assert len(told.output) < 1 << 20
    assert "only its beginning" in told.output


@pytest.mark.parametrize(
    "flood",
    [b"* 1 FETCH (BODY[] {99999999999}\r\n", b"* " + b"x" * (5 << 20), b"* 1 FETCH (UID 1))))\r\n"],
    ids=["a literal of 93 GiB", "a line without end", "brackets"],
)
async def test_a_server_that_says_too_much_is_not_listened_to(mail: Mail, flood: bytes) -> None:
    def answer(line: bytes) -> Iterator[bytes]:
        tag = line.split()[0]
        if b"AUTHENTICATE" in line:
            yield b"+ \r\n"
        elif b"FETCH" in line:
            yield flood
            yield tag + b" OK done\r\n"
        elif b"SEARCH" in line:
            yield b"* SEARCH 1 2 3\r\n" + tag + b" OK done\r\n"
        elif b"CAPABILITY" in line:
            yield b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n"
        else:
            yield tag + b" OK [UIDVALIDITY 7] done\r\n"

    with line_server(b"* OK here\r\n", answer) as port, _unencrypted():
        mail.target = f"imap://localhost:{port}"
        with pytest.raises(ExecutionError) as caught:
            await mail.run("search")
        refusal(caught, mail)


@contextmanager
def _unencrypted() -> Iterator[None]:
    """A test's own server speaks no TLS; what is behind the login is what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mailbox, "_begin_tls", lambda *_: True)
        patch.setattr(submission, "_plain", lambda *_: True)
        yield


@pytest.mark.parametrize("after", [1, 900, 1500, 2500])
async def test_a_mailbox_whose_line_is_cut_was_not_read(mail: Mail, after: int) -> None:
    mail.house.deliver(b"Subject: x\r\n\r\n" + b"rye\r\n" * 20000)
    with relay(mail.house.imaps, after=after) as line:
        mail.target = f"imaps://localhost:{line.port}"
        with pytest.raises(ExecutionError) as caught:
            await mail.run("search")
        refusal(caught, mail)


@pytest.mark.parametrize("at", [b"MAIL FROM", b"RCPT TO", b"DATA\r\n", b"Subject:", b"\r\n.\r\n"], ids=repr)
async def test_a_line_cut_before_the_message_ended_sent_nothing(mail: Mail, at: bytes) -> None:
    with through(mail, at=at):
        try:
            await mail.child("send", key="one act", **LETTER)
        except UncertainError:
            assert at == b"\r\n.\r\n", "only the last line leaves it open"
        except ExecutionError:
            assert mail.house.messages("Sent") == []
    assert mail.house.taken == []


async def test_a_line_cut_behind_the_message_leaves_nobody_knowing(mail: Mail) -> None:
    with through(mail, at=b"\r\n.\r\n", passed=True):
        with pytest.raises(UncertainError, match="cut off while the server took the message"):
            await mail.child("send", key="one act", **LETTER)
        assert sent(mail) == 1
        with pytest.raises(UncertainError, match="'Sent' is marked as a draft"):
            await mail.child("send", key="one act", again=True, **LETTER)
    assert len(mail.house.taken) == 1


@pytest.mark.parametrize(
    ("at", "passed", "arrived"),
    [(b"MAIL FROM", False, 0), (b"DATA\r\n", False, 0), (b"\r\n.\r\n", True, 1)],
    ids=["before the envelope", "before the message", "behind the message"],
)
async def test_a_worker_that_is_killed_in_the_middle_sends_nothing_twice(
    mail: Mail, at: bytes, passed: bool, arrived: int
) -> None:
    with through(mail, at=at, passed=passed, hold=True) as line:
        request = mail.request("send", key="one act", **LETTER)
        with worker(request) as (process, _):
            assert line.reached.wait(30)
            assert arrived == 0 or sent(mail) == 1
            process.send_signal(signal.SIGKILL)
            process.wait(30)
    mail.options["smtp"] = f"smtp://localhost:{mail.house.open}"
    if arrived:
        with pytest.raises(UncertainError):
            await mail.child("send", key="one act", again=True, **LETTER)
    else:
        await mail.child("send", key="one act", again=True, **LETTER)
    assert sent(mail) == 1
    assert len(mail.house.taken) == 1


async def test_what_was_sent_and_not_recorded_is_not_sent_again(mail: Mail) -> None:
    first = answered(mail.request("send", key="one act", **LETTER))
    told = await mail.child("send", key="one act", again=True, **LETTER)
    assert "sent before" in told.output
    assert told.output.partition("recipients")[2] == first.output.partition("recipients")[2]
    assert len(mail.house.messages()) == 1
    assert len(mail.house.messages("Sent")) == 1


async def test_without_a_mailbox_nobody_can_tell(mail: Mail) -> None:
    mail.target, mail.options["smtp"] = f"smtps://localhost:{mail.house.smtps}", ""
    with pytest.raises(UncertainError, match="no mailbox that could tell"):
        await mail.child("send", key="one act", again=True, **LETTER)
    assert mail.house.taken == []


async def test_no_copy_no_message(mail: Mail) -> None:
    mail.options["sent"] = 'no "such/folder'
    with pytest.raises(ExecutionError, match="did not send it"):
        await mail.child("send", **LETTER)
    assert mail.house.taken == []


async def test_a_token_is_shown_instead_of_a_password(mail: Mail) -> None:
    """XOAUTH2, which neither server of the mail house can check: what is said to both, and how a refusal ends."""
    said: list[bytes] = []

    def imap(line: bytes) -> bytes:
        said.append(line)
        if b"AUTHENTICATE" in line:
            return b"+ \r\n"
        tag = said[-3].split()[0] if line == b"\r\n" else line.split()[0]
        if b"CAPABILITY" in line:
            return b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + tag + b" OK done\r\n"
        return tag + b" NO wrong\r\n" if line == b"\r\n" else b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n"

    def smtp(line: bytes) -> bytes:
        said.append(line)
        if line.upper().startswith(b"EHLO"):
            return b"250-here\r\n250 AUTH XOAUTH2 PLAIN\r\n"
        return b"334 eyJzdGF0dXMiOiI0MDAifQ==\r\n" if line.startswith(b"AUTH") else b"535 5.7.8 wrong\r\n"

    with line_server(b"* OK here\r\n", imap) as one, line_server(b"220 here\r\n", smtp) as other, _unencrypted():
        for target, operation in ((f"imap://localhost:{one}", "search"), (f"smtp://localhost:{other}", "send")):
            mail.target, mail.options["smtp"] = target, ""
            request = mail.request(operation, **(LETTER if operation == "send" else {}))
            object.__setattr__(request.connection, "secrets", {"token": PASSWORD})
            with pytest.raises(ExecutionError, match="is not let in as anna") as caught:
                await serve(request)
            refusal(caught, mail)
    shown = base64.b64encode(f"user=anna\x01auth=Bearer {mail.house.password}\x01\x01".encode())
    assert [line for line in said if shown in line] == [shown + b"\r\n", b"AUTH XOAUTH2 " + shown + b"\r\n"]


async def test_a_confined_child_writes_what_is_saved_and_nothing_else(mail: Mail) -> None:
    content = b"a bill\n" * 1000
    message = EmailMessage()
    message.add_attachment(content, maintype="application", subtype="pdf", filename="bill.pdf")
    mail.house.deliver(message.as_bytes())
    identity = (await mail.do("search"))["messages"][0]["id"]
    (mail.workspace / "offer.txt").write_text("four loaves\n")
    limits = Limits(confinement=Confinement(memory=512 * MIB))
    await mail.child("save", limits=limits, id=identity, part="1", path="in/bill.pdf")
    assert (mail.workspace / "in/bill.pdf").read_bytes() == content
    await mail.child("send", limits=limits, attachments=["offer.txt", "in/bill.pdf"], **LETTER)
    assert len(mail.house.taken) == 1
