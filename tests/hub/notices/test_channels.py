"""What goes over each channel, what of it is nobody else's business, and what hostile names cannot do there."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.approvals import questions
from hub.errors import NotFoundError
from hub.notices import channels, chat, mail, wording
from hub.store.channels import ChannelKind
from safety_core.errors import InputError, LimitError, SafetyError, UnavailableError
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId
from tests.simulators.hub import RunningHub, question
from tests.simulators.mail_server import MailServer
from tests.simulators.receiver import Browser, Receiver, receiver, vapid_key
from tests.simulators.told import let_channels_approve, links_in, reached_by_mail, tell
from tests.simulators.visitors import person_with


async def test_a_browser_opens_what_was_pushed_and_nobody_else_does(
    house: RunningHub, outside: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_channels_approve(monkeypatch, house, {"push": Level.RED})
    olga = await person_with(house, "Olga", ("owner", "acme"))
    browser = Browser(outside.url + "/push/1")
    channel = await channels.add_push(house.context, olga.id, "phone", browser.subscription())
    assert (channel.kind, channel.word) == (ChannelKind.PUSH, "push")
    await questions.take(house.context, question(amounts=("499.00 EUR",)))
    await tell(house)
    (message,) = outside.received
    assert b"499" not in message.body
    assert vapid_key(message) == channels.push_key(house.context)
    assert message.headers["content-encoding"] == "aes128gcm"
    shown = browser.opened(message)
    assert set(shown) == {"title", "body", "url", "tag", "actions"}
    assert shown["title"] == "Red: shop wants exec"
    assert shown["body"].startswith("Amount: 499.00 EUR\n")
    assert links_in(shown["url"])
    assert [item["action"] for item in shown["actions"]] == ["approve", "deny"]
    assert {item["url"] for item in shown["actions"]} == {shown["url"]}
    assert len(message.body) <= 4096


async def test_a_browser_that_is_gone_is_not_pushed_to_again(house: RunningHub, outside: Receiver) -> None:
    olga = await person_with(house, "Olga", ("owner", "acme"))
    browser = Browser(outside.url + "/push/1")
    await channels.add_push(house.context, olga.id, "phone", browser.subscription())
    outside.statuses = [410]
    await questions.take(house.context, question())
    for _ in range(3):
        await tell(house, 1000)
    assert len(outside.received) == 1
    assert (await channels.listed(house.context, olga.id))[0].failed is not None


async def test_a_push_service_that_is_busy_is_asked_again(house: RunningHub, outside: Receiver) -> None:
    olga = await person_with(house, "Olga", ("owner", "acme"))
    await channels.add_push(house.context, olga.id, "phone", Browser(outside.url).subscription())
    outside.statuses = [503, 429]
    await questions.take(house.context, question())
    for _ in range(5):
        await tell(house, 60)
    assert len(outside.received) == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"endpoint": "ftp://push.example/1"},
        {"endpoint": "https://user@push.example/1"},
        {"endpoint": ""},
        {"keys": {"p256dh": "AAAA", "auth": "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"keys": {"p256dh": "%%", "auth": "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"keys": {}},
    ],
)
async def test_what_is_no_subscription_is_refused(small_house: RunningHub, changed: dict[str, object]) -> None:
    olga = await person_with(small_house, "Olga", ("owner", "acme"))
    browser = Browser("https://push.example/1")
    with pytest.raises((InputError, LimitError)):
        await channels.add_push(small_house.context, olga.id, "phone", browser.subscription(**changed))


async def test_targets_and_keys_are_closed_in_the_database_and_on_disk(house: RunningHub) -> None:
    olga, _ = await reached_by_mail(house)
    await channels.add_chat(house.context, olga.id, "chat", "json://127.0.0.1:9/own-key")
    async with house.context.database.read() as connection:
        rows = (await connection.execute(text("SELECT target, mark FROM channels"))).all()
    assert len(rows) == 2
    assert not any(word in repr(rows) for word in ("olga@", "own-key", "127.0.0.1"))
    key = house.context.settings.data / "keys" / "console.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


async def test_the_same_target_twice_is_one_channel_and_there_are_ten_at_most(house: RunningHub) -> None:
    olga, first = await reached_by_mail(house)
    _, again = await reached_by_mail(house)
    assert again.id == first.id
    for index in range(9):
        await channels.add_email(house.context, olga.id, f"olga{index}@people.example")
    with pytest.raises(LimitError):
        await channels.add_email(house.context, olga.id, "one.more@people.example")


async def test_nobody_sets_tests_or_takes_away_anothers_channel(house: RunningHub) -> None:
    _, channel = await reached_by_mail(house)
    eve = await person_with(house, "Eve", ("owner", "acme"))
    for attempt in (
        channels.choose(house.context, eve.id, channel.id, Level.RED, detail=True),
        channels.test(house.context, eve.id, channel.id),
        channels.remove(house.context, eve.id, channel.id),
    ):
        with pytest.raises(NotFoundError):
            await attempt


async def test_what_waits_for_a_channel_goes_with_it(house: RunningHub, mails: MailServer) -> None:
    olga, channel = await reached_by_mail(house)
    mails.refuse["MAIL"] = "451 later"
    await questions.take(house.context, question())
    await tell(house)
    await channels.remove(house.context, olga.id, channel.id)
    mails.refuse.clear()
    await tell(house, 3600)
    assert mails.taken == []


async def test_the_test_button_tells_why_nothing_came(small_house: RunningHub, mails: MailServer) -> None:
    olga, channel = await reached_by_mail(small_house)
    await channels.test(small_house.context, olga.id, channel.id)
    assert mails.taken[0].mail["Subject"] == "This is a test"
    mails.refuse["MAIL"] = "451 later"
    with pytest.raises(UnavailableError, match="did not take the mail"):
        await channels.test(small_house.context, olga.id, channel.id)


HOSTILE = "x\r\nBcc: all@people.example\r\n\r\n<a href='https://evil.example'>approve</a>"


async def test_hostile_names_write_no_headers_and_name_no_recipients(
    small_house: RunningHub, mails: MailServer
) -> None:
    await reached_by_mail(small_house)
    asked = question(agent=AgentId(HOSTILE), tool=HOSTILE, recipients=(HOSTILE,), amounts=(HOSTILE,), reason=HOSTILE)
    await questions.take(small_house.context, asked)
    await tell(small_house)
    (taken,) = mails.taken
    assert taken.recipients == ["olga@people.example"]
    assert sorted(name.lower() for name in taken.mail) == sorted(
        [
            "from",
            "to",
            "subject",
            "date",
            "message-id",
            "auto-submitted",
            "content-type",
            "content-transfer-encoding",
            "mime-version",
        ]
    )
    assert not any(line.startswith("Bcc:") for line in taken.text.splitlines())
    assert "https://evil.example" not in taken.text


@pytest.mark.parametrize(
    "address",
    [
        "olga@people.example\r\nBcc: all@people.example",
        "olga@people.example>\r\nRCPT TO:<all@people.example",
        "olga@people.example, all@people.example",
        "Olga <olga@people.example>",
        '"a b"@people.example',
        "olga@-people.example",
        "olga",
        "",
        "o" * 65 + "@people.example",
    ],
)
async def test_what_is_no_address_is_refused(small_house: RunningHub, address: str) -> None:
    olga = await person_with(small_house, "Olga", ("owner", "acme"))
    with pytest.raises(InputError):
        await channels.add_email(small_house.context, olga.id, address)


async def test_without_a_mail_server_no_address_is_taken(small_hub: RunningHub) -> None:
    olga = await person_with(small_hub, "Olga", ("owner", "acme"))
    with pytest.raises(InputError, match="SAFETY_HUB_SMTP"):
        await channels.add_email(small_hub.context, olga.id, "olga@people.example")


def test_a_mail_server_elsewhere_is_spoken_to_over_tls_only() -> None:
    assert mail.mail_server("smtps://u:p%40@mail.example", "a@b.example") == mail.MailServer(
        "mail.example", 465, True, "a@b.example", "u", "p@"
    )
    elsewhere = mail.mail_server("smtp://mail.example:2525", "a@b.example")
    assert (elsewhere.port, elsewhere.tls, elsewhere.local) == (2525, False, False)
    assert mail.mail_server("smtp://127.0.0.1", "a@b.example").local
    assert "secret" not in repr(mail.mail_server("smtp://u:secret@mail.example", "a@b.example"))
    for url in ("http://mail.example", "smtp://", "smtp://mail.example:x"):
        with pytest.raises(InputError):
            mail.mail_server(url, "a@b.example")


async def test_chat_services_get_it_through_apprise(house: RunningHub, outside: Receiver) -> None:
    olga = await person_with(house, "Olga", ("owner", "acme"))
    host = outside.url.removeprefix("http://")
    ntfy = await channels.add_chat(house.context, olga.id, "", f"ntfy://{host}/safety")
    assert (ntfy.word, ntfy.name) == ("ntfy", "ntfy")
    await channels.add_chat(house.context, olga.id, "mine", f"json://{host}/hook")
    await questions.take(house.context, question(recipients=("kim@shop.example",)))
    await tell(house)
    assert len(outside.received) == 2
    for message in outside.received:
        assert b"kim@shop.example" in message.body
        assert b"rm -r" not in message.body
        assert links_in(message.body.decode())


async def test_a_chat_service_that_refuses_is_tried_again(house: RunningHub, outside: Receiver) -> None:
    olga = await person_with(house, "Olga", ("owner", "acme"))
    await channels.add_chat(house.context, olga.id, "", f"json://{outside.url.removeprefix('http://')}/")
    outside.statuses = [500]
    await questions.take(house.context, question())
    await tell(house)
    await tell(house, 60)
    assert len(outside.received) == 2


@pytest.mark.parametrize(
    "url",
    ["nonsense", "nosuchservice://x", "file:///etc/passwd", "tgram://", "json://a b", "JSON://x", "json://x\r\ny", ""],
)
async def test_what_is_no_service_is_refused(small_house: RunningHub, url: str) -> None:
    olga = await person_with(small_house, "Olga", ("owner", "acme"))
    with pytest.raises(InputError):
        await channels.add_chat(small_house.context, olga.id, "", url)


def test_a_service_never_goes_by_the_name_of_a_channel_of_ours() -> None:
    assert chat.channel_word("tgram://token/chat") == "telegram"
    assert chat.channel_word("slack://a/b/c") == "slack"
    assert chat.channel_word("ntfys://host/topic") == "ntfy"
    for word in ("console", "cli", "api", "push", "email", "hub"):
        assert chat.channel_word(f"{word}://x") == f"apprise-{word}"


@pytest.mark.parametrize("word", ["json", "ntfy", "mailto", "xml", "form", "gotify"])
async def test_apprise_reaches_no_address_inside(outside: Receiver, word: str) -> None:
    message = wording.trial("https://hub.example/")
    async with chat.opened(private=False) as service:
        for host in (outside.url.removeprefix("http://"), "localhost:" + outside.url.rpartition(":")[2]):
            url = f"{word}://user:pass@{host}/token/topic?from=a@b.example&to=c@d.example&smtp={host}"
            with pytest.raises((UnavailableError, Exception), match="did not take"):
                await service.send(url, message)
    assert outside.received == []


@pytest.mark.parametrize(
    "url", ["dbus://", "syslog://", "gnome://", "glib://", "kde://", "qt://", "macosx://", "windows://"]
)
async def test_apprise_does_nothing_on_this_machine(url: str) -> None:
    async with chat.opened(private=False) as service:
        with pytest.raises(Exception, match=r"did not take|is not an apprise URL"):
            await service.send(url, wording.trial("https://hub.example/"))


ATTEMPTS = {
    "read": "open(sys.argv[1]).read()",
    "read by a link": "os.symlink; open(sys.argv[1] + '.link').read()",
    "write": "open(sys.argv[1], 'a')",
    "write low": "os.open(sys.argv[1], os.O_WRONLY)",
    "remove": "os.remove(sys.argv[1])",
    "run": "subprocess.run(['true'])",
    "shell": "os.system('true')",
    "fork": "os.fork()",
    "UNIX socket": "socket.socket(socket.AF_UNIX).connect('/run/x')",
    "inside": "socket.create_connection(('127.0.0.1', 9))",
    "inside, UDP": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "metadata": "socket.create_connection(('169.254.169.254', 80), 1)",
    "listen": "socket.socket().bind(('127.0.0.1', 0))",
    "C": "ctypes.CDLL(None)",
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_what_runs_in_the_child_reaches_nothing_of_this_machine(tmp_path: Path, attempt: str) -> None:
    secret = tmp_path / "approvals.key"
    secret.write_text("a key")
    (tmp_path / "approvals.key.link").symlink_to(secret)
    script = (
        f"import sys, os, socket, subprocess, ctypes, runpy\nmade = runpy.run_path({str(chat.CHILD)!r})\n"
        f"import json.tool\nmade['guard'](False)\nimport wave\n"
        f"try:\n    {attempt}\nexcept PermissionError:\n    sys.stdout.write('refused')\n"
    )
    done = subprocess.run([sys.executable, "-B", "-c", script, str(secret)], capture_output=True, text=True, check=True)
    assert done.stdout == "refused"
    assert secret.read_text() == "a key"


async def test_a_child_that_dies_is_started_anew(outside: Receiver) -> None:
    url = f"json://{outside.url.removeprefix('http://')}/"
    async with chat.opened(private=True) as service:
        await service.send(url, wording.trial("https://hub.example/"))
        child = service._child
        assert child is not None
        child.kill()
        await child.wait()
        await service.send(url, wording.trial("https://hub.example/"))
    assert len(outside.received) == 2


async def test_a_push_service_inside_is_reached_only_where_the_settings_say_so(
    tmp_path: Path, outside: Receiver, small_hub: RunningHub
) -> None:
    olga = await person_with(small_hub, "Olga", ("owner", "acme"))
    port = outside.url.rpartition(":")[2]
    with pytest.raises(InputError, match="https"):
        await channels.add_push(small_hub.context, olga.id, "phone", Browser(outside.url).subscription())
    for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "169.254.169.254", "[::ffff:127.0.0.1]"):
        browser = Browser(f"https://{host}:{port}/push")
        channel = await channels.add_push(small_hub.context, olga.id, host, browser.subscription())
        with pytest.raises(SafetyError, match=r"not public|cannot be reached|that is none"):
            await channels.test(small_hub.context, olga.id, channel.id)
        await channels.remove(small_hub.context, olga.id, channel.id)
    assert outside.received == []


async def test_a_redirect_is_not_followed(house: RunningHub, outside: Receiver) -> None:
    async with receiver() as inside:
        olga = await person_with(house, "Olga", ("owner", "acme"))
        outside.statuses, outside.location = [307, 302], inside.url
        channel = await channels.add_push(house.context, olga.id, "phone", Browser(outside.url).subscription())
        with pytest.raises(UnavailableError, match="answered 307"):
            await channels.test(house.context, olga.id, channel.id)
        assert inside.received == []
