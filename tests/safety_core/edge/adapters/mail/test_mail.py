"""Mail over a real IMAP server and a real SMTP server: read, sort, draft, send."""

from __future__ import annotations

import base64
import email
import email.policy
import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult, Undo
from tests.safety_core.edge.adapters.mail.conftest import Mail


def written(
    subject: str = "Order 7", body: str = "Two rye loaves, please.", sender: str = "bo@mill.test"
) -> EmailMessage:
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = sender, "anna@shop.test", subject
    message["Date"], message["Message-ID"] = "Thu, 26 Feb 2026 10:00:00 +0100", "<7@mill.test>"
    message.set_content(body)
    return message


async def only(mail: Mail, folder: str = "INBOX") -> str:
    """Return the id of the only message in a folder."""
    (listed,) = (await mail.do("search", folder=folder))["messages"]
    return str(listed["id"])


def back(result: ToolResult) -> Undo:
    assert result.undo is not None
    assert result.undo.params["connection"] == "office"
    return result.undo


async def undone(mail: Mail, result: ToolResult) -> ToolResult:
    """Make the call that takes a result back."""
    undo = back(result)
    arguments = {name: value for name, value in undo.params.items() if name != "connection"}
    return await mail.run(undo.tool.removeprefix("mail_"), **arguments)


async def test_it_says_whom_it_reached(mail: Mail) -> None:
    told = (await mail.run("check")).output
    assert told == "IMAP localhost, as anna, 4 folders; SMTP localhost, as anna"


async def test_mail_is_listed_the_newest_first_and_read_without_a_trace(mail: Mail) -> None:
    mail.house.deliver(written("Order 7").as_bytes())
    mail.house.deliver(written("Bestellung für Köln", "Grüße").as_bytes())
    listed = await mail.do("search", limit=1)
    assert (listed["found"], len(listed["messages"])) == (2, 1)
    first = listed["messages"][0]
    assert (first["subject"], first["from"], first["unread"]) == ("Bestellung für Köln", "bo@mill.test", True)
    told = await mail.do("read", id=first["id"])
    assert (told["text"].strip(), told["to"], told["unread"]) == ("Grüße", "anna@shop.test", True)
    assert (await mail.do("search", unread=True))["found"] == 2


async def test_mail_is_found_by_what_is_in_it(mail: Mail) -> None:
    mail.house.deliver(written("Order 7").as_bytes())
    mail.house.deliver(written("Grüße 8", "nothing", "cy@other.test").as_bytes())
    for how, found in (
        ({"query": "rye loaves"}, 1),
        ({"from": "mill.test"}, 1),
        ({"subject": "Grüße"}, 1),
        ({"since": "2026-01-01", "before": "2999-01-01"}, 2),
        ({"flagged": True}, 0),
        ({"query": 'a" OR ALL'}, 0),
    ):
        assert (await mail.do("search", **how))["found"] == found, how  # type: ignore[arg-type]
    with pytest.raises(ExecutionError, match="end of a line"):
        await mail.do("search", query="x\r\ns9 DELETE INBOX")


async def test_a_page_is_read_as_text_and_attachments_are_listed_and_saved(mail: Mail) -> None:
    message = written()
    message.clear_content()
    message.set_content("<head><style>x</style></head><p>Pay <a href='https://pay.test/1'>here</a></p>", subtype="html")
    content = bytes(range(256)) * 5000
    message.add_attachment(content, maintype="application", subtype="pdf", filename="Rechnung März.pdf")
    message.add_attachment("é=\n" * 9, filename="list.csv", subtype="csv", cte="quoted-printable")
    mail.house.deliver(message.as_bytes())
    told = await mail.do("read", id=await only(mail))
    assert told["text"] == "Pay here <https://pay.test/1>"
    pdf, csv = told["attachments"]
    assert (pdf["name"], pdf["type"], csv["name"]) == ("Rechnung März.pdf", "application/pdf", "list.csv")
    arguments = {"id": told["id"], "part": pdf["part"], "path": "in/bill.pdf"}
    saved = await mail.do("save", **arguments)
    assert saved["bytes"] == len(content)
    assert (mail.workspace / "in/bill.pdf").read_bytes() == content
    with pytest.raises(ExecutionError, match="another name"):
        await mail.do("save", **arguments)
    assert (await mail.do("save", again=True, **arguments))["before"] is True
    await mail.do("save", id=told["id"], part=csv["part"], path="list.csv")
    assert (mail.workspace / "list.csv").read_text() == "é=\n" * 9
    for path in ("../out.pdf", "/etc/out.pdf"):
        with pytest.raises(ExecutionError, match="inside of the workspace"):
            await mail.do("save", id=told["id"], part=pdf["part"], path=path)


async def test_what_moves_mail_says_how_to_move_it_back(mail: Mail) -> None:
    mail.house.deliver(written().as_bytes())
    await mail.do("folders")
    moved = await mail.run("move", id=await only(mail), folder="Trash")
    assert len(mail.house.messages("Trash")) == 1
    assert back(moved).tool == "mail_move"
    await undone(mail, moved)
    deleted = await mail.run("delete", id=await only(mail))
    assert (len(mail.house.messages()), len(mail.house.messages("Trash"))) == (0, 1)
    await undone(mail, deleted)
    marked = await mail.run("flag", id=await only(mail), mark="flagged")
    assert (await mail.do("search", flagged=True))["found"] == 1
    await undone(mail, marked)
    assert (await mail.do("search", flagged=True))["found"] == 0
    assert (await mail.run("flag", id=await only(mail), mark="unread")).undo is None, "it was so before"


async def test_one_message_alone_is_removed_for_good(mail: Mail) -> None:
    mail.house.deliver(written("Order 1").as_bytes())
    mail.house.deliver(written("Order 2").as_bytes())
    with mail.house.client() as other:
        other.select("INBOX")
        other.store("1", "+FLAGS", "\\Deleted")
    newest = (await mail.do("search"))["messages"][0]["id"]
    assert (await mail.run("delete", id=newest, forever=True)).undo is None
    assert len(mail.house.messages()) == 1, "what another program marked stays"
    with pytest.raises(ExecutionError, match="any more"):
        await mail.do("delete", id=newest)
    assert (await mail.do("delete", id=newest, again=True))["before"] is True


async def test_an_id_never_comes_to_mean_another_message(mail: Mail) -> None:
    mail.house.deliver(written().as_bytes())
    folder, validity, uid = (await only(mail)).split("/")
    with pytest.raises(ExecutionError, match="numbered 'INBOX' anew"):
        await mail.do("read", id=f"{folder}/{int(validity) + 1}/{uid}")
    for wrong in ("7", "INBOX/1/0", "INBOX/1/x", 'a" b/1/1\r\n'):
        with pytest.raises(ExecutionError):
            await mail.do("read", id=wrong)


async def test_a_message_is_sent_with_its_files_and_a_copy_is_kept(mail: Mail) -> None:
    (mail.workspace / "offer.txt").write_text("four loaves\n")
    await mail.do(
        "send", to="bo@mill.test, cy@other.test", cc=["di@shop.test"], bcc={"name": "E", "address": "eve@shop.test"},
        subject="Angebot für Köln", body="Grüße\n.\n..dots\nFrom here", html="<p>Grüße</p>", attachments=["offer.txt"],
    )  # fmt: skip
    (envelope,) = mail.house.taken
    assert envelope.mail_from == "anna@shop.test"
    assert envelope.rcpt_tos == ["bo@mill.test", "cy@other.test", "di@shop.test", "eve@shop.test"]
    (copy,) = mail.house.messages("Sent")
    (arrived,) = mail.house.messages()
    assert copy.strip() == arrived.strip()
    assert b"eve@shop.test" not in copy
    read = email.message_from_bytes(arrived, policy=email.policy.default)
    assert read["Subject"] == "Angebot für Köln"
    body = read.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == ["Grüße", ".", "..dots", "From here"]
    (attached,) = read.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("offer.txt", "four loaves\n")
    flags = (await mail.do("search", folder="Sent"))["messages"][0]
    assert "draft" not in flags, "it is known to be sent"


async def test_an_answer_stands_below_what_it_answers(mail: Mail) -> None:
    mail.house.deliver(written("Order 7").as_bytes())
    await mail.do("send", to="bo@mill.test", body="yes", in_reply_to=await only(mail))
    (sent,) = mail.house.messages("Sent")
    read = email.message_from_bytes(sent, policy=email.policy.default)
    assert (read["Subject"], read["In-Reply-To"], read["References"]) == (
        "Re: Order 7",
        "<7@mill.test>",
        "<7@mill.test>",
    )


async def test_a_draft_is_kept_and_taken_back(mail: Mail) -> None:
    kept = await mail.run("draft", key="one act", to="bo@mill.test", subject="Offer", body="x")
    assert mail.house.taken == []
    assert len(mail.house.messages("Drafts")) == 1
    repeated = await mail.run("draft", key="one act", again=True, to="bo@mill.test", subject="Offer", body="x")
    assert repeated.output == kept.output
    assert len(mail.house.messages("Drafts")) == 1
    await undone(mail, kept)
    assert mail.house.messages("Drafts") == []


async def test_a_dry_run_sends_nothing(mail: Mail) -> None:
    told = await mail.do("send", to="bo@mill.test", body="x", dry_run=True)
    assert told["result"] == "not sent: a dry run"
    mail.options["check_recipients"] = True
    mail.house.refused.add("no@mill.test")
    assert "would take it" in (await mail.do("send", to="bo@mill.test", body="x", dry_run=True))["result"]
    with pytest.raises(ExecutionError, match=r"refused the recipient no@mill.test \(550 5.1.1\)"):
        await mail.do("send", to="no@mill.test", body="x", dry_run=True)
    with pytest.raises(ExecutionError, match="true or false"):
        await mail.do("send", to="bo@mill.test", body="x", dry_run="true")
    assert (mail.house.taken, mail.house.messages("Sent")) == ([], [])


async def test_all_recipients_are_taken_or_none(mail: Mail) -> None:
    mail.house.refused.add("no@mill.test")
    with pytest.raises(ExecutionError, match=r"refused the recipient no@mill.test"):
        await mail.do("send", to="bo@mill.test, no@mill.test", body="x")
    assert (mail.house.taken, mail.house.messages("Sent")) == ([], [])


async def test_what_the_server_refuses_leaves_no_copy(mail: Mail) -> None:
    mail.house.fails = "554 5.7.1 never"
    with pytest.raises(ExecutionError, match=r"refused the message \(554 5.7.1\)") as caught:
        await mail.do("send", to="bo@mill.test", body="x")
    assert type(caught.value) is ExecutionError
    assert mail.house.messages("Sent") == []


@pytest.mark.parametrize(
    "to",
    [
        "bo@mill.test\r\nBcc: eve@evil.test",
        "bo@mill.test\neve@evil.test",
        "staff: bo@mill.test, eve@evil.test;",
        '"bo@mill.test, x" <eve@evil.test>',
        "bo@mill.test eve@evil.test",
        "bo@mill.test>, <eve@evil.test",
        "<bo@mill.test> (x) <eve@evil.test>",
        "eve%evil.test@mill.test",
        "@mill.test:eve@evil.test",
        '"eve@evil.test"@mill.test',
        "bo@[127.0.0.1]",
        "bo@mill.test\0",
        "bo@mïll.test",
        "bo",
        "bo@",
        "SECRET_REF(office_mail)@evil.test",
        "a" * 250 + "@mill.test",
        [[["bo@mill.test"], "no address"]],
        "",
    ],
    ids=str,
)
async def test_an_address_that_could_be_read_otherwise_is_refused(mail: Mail, to: object) -> None:
    with pytest.raises(ExecutionError):
        await mail.do("send", to=to, body="x")
    assert mail.house.taken == []


async def test_a_domain_beyond_ascii_is_named_as_it_is_looked_up(mail: Mail) -> None:
    with pytest.raises(ExecutionError) as caught:
        await mail.do("send", to="bo@müllerei.test", body="x")
    assert caught.value.fix == "write bo@xn--mllerei-n2a.test"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"subject": "a\r\nBcc: eve@evil.test"}, "one line"),
        ({"in_reply_to": "<a@b>\r\nBcc: eve@evil.test"}, "no id"),
        ({"attachments": ["../secret.txt"]}, "inside of the workspace"),
        ({"attachments": ["file:offer.txt"]}, "colon"),
        ({"attachments": ["big.bin"]}, "larger than"),
        ({"body": 7}, "must be text"),
    ],
    ids=str,
)
async def test_what_cannot_be_sent_is_said(mail: Mail, arguments: dict[str, object], says: str) -> None:
    with (mail.workspace / "big.bin").open("wb") as file:
        file.truncate(11 << 20)
    with pytest.raises(ExecutionError, match=says):
        await mail.do("send", **{"to": "bo@mill.test", "body": "x", **arguments})
    assert mail.house.taken == []


async def test_folders_have_names_in_every_script(mail: Mail) -> None:
    with mail.house.client() as other:
        other.create("&AMQ-rger &- B&APw-cher".join('""'))
    try:
        assert {"folder": "Ärger & Bücher"} in (await mail.do("folders"))["folders"]
        mail.house.deliver(written().as_bytes())
        moved = await mail.do("move", id=await only(mail), folder="Ärger & Bücher")
        assert moved["id"].startswith("Ärger & Bücher/")
        await mail.do("read", id=moved["id"])
    finally:
        with mail.house.client() as other:
            other.delete('"&AMQ-rger &- B&APw-cher"')


async def test_starttls_is_as_good(mail: Mail, tmp_path: Path) -> None:
    mail.target = f"imap://localhost:{mail.house.imap}"
    mail.options["smtp"] = f"smtp://localhost:{mail.house.starttls}"
    await mail.do("send", to="bo@mill.test", body="x")
    assert len(mail.house.messages("Sent")) == 1


async def test_a_relay_without_tls_gets_no_password(mail: Mail) -> None:
    mail.options["smtp"] = f"smtp://localhost:{mail.house.open}"
    with pytest.raises(ExecutionError, match="would show its password"):
        await mail.do("send", to="bo@mill.test", body="x")
    mail.options["smtp_user"] = ""
    await mail.do("send", to="bo@mill.test", body="x")
    assert len(mail.house.taken) == 1


async def test_a_connection_that_sends_alone_keeps_no_copy_and_cannot_tell(mail: Mail) -> None:
    mail.target, mail.options["smtp"] = f"smtps://localhost:{mail.house.smtps}", ""
    await mail.do("send", to="bo@mill.test", body="x")
    assert (len(mail.house.taken), mail.house.messages("Sent")) == (1, [])
    with pytest.raises(ExecutionError, match="sends alone"):
        await mail.do("search")


@pytest.mark.parametrize("subject", [b"=?utf-8?b?a?=", b"=?\xff?q?a?=", b"=?idna?q?=ff?="])
async def test_one_mail_that_is_badly_encoded_hides_no_other(mail: Mail, subject: bytes) -> None:
    mail.house.deliver(written().as_bytes())
    odd = b"From: eve@evil.test\r\nSubject: " + subject + b"\r\nContent-Type: text/plain; name*=idna''%ff\r\n\r\nx\r\n"
    mail.house.deliver(odd)
    listed = (await mail.do("search"))["messages"]
    assert {row["from"] for row in listed} == {"bo@mill.test", "eve@evil.test"}
    for row in listed:
        assert (await mail.do("read", id=row["id"]))["id"] == row["id"]


async def test_a_page_of_base64_that_lies_is_read_as_far_as_it_goes(mail: Mail) -> None:
    raw = (
        written()
        .as_bytes()
        .replace(b"7bit", b"base64")
        .replace(b"Two rye loaves, please.", base64.b64encode(b"rye ok") + b"=")
    )
    mail.house.deliver(raw)
    assert "rye" in json.dumps(await mail.do("read", id=await only(mail)))
