"""Events to other programs: signed, in order of trouble, to addresses outside only."""

from __future__ import annotations

import asyncio
import hashlib
import hmac

import pytest

from hub.approvals import answering, questions
from hub.approvals.approver import Approver
from hub.errors import NotFoundError
from hub.happenings import Event, happened
from hub.notices import webhooks
from hub.notices.outward import check_url
from safety_core.errors import InputError, LimitError
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub, question
from tests.simulators.receiver import Receiver
from tests.simulators.told import tell
from tests.simulators.visitors import person_with

ACME = TenantId("acme")


async def test_a_receiver_gets_the_events_that_it_wants_signed(house: RunningHub, outside: Receiver) -> None:
    await person_with(house, "Olga", ("owner", "acme"), ("owner", "globex"))
    _, secret = await webhooks.add(house.context, ACME, outside.url + "/events", {"question", "answer", "release"})
    asked = question()
    await questions.take(house.context, asked)
    await questions.take(house.context, question("globex"))
    await tell(house)
    await answering.answer(house.context, Approver(ACME, "Olga", "console"), asked.id, allow=True)
    async with house.context.database.write() as connection:
        await happened(connection, ACME, Event.RELEASE, "r2", {"state": "whole"}, house.clock.now)
        await happened(connection, ACME, Event.ORDER, "o1", {"state": "done"}, house.clock.now)
    await tell(house)
    assert [item.headers["safety-event"] for item in outside.received] == ["question", "answer", "release"]
    first, second, _ = (item.json for item in outside.received)
    assert first["subject"] == second["subject"] == asked.id
    assert (first["tenant"], first["data"]["level"], first["data"]["tool"]) == ("acme", "red", "exec")
    assert second["data"] == {"by": "Olga", "state": "granted"}
    assert b"rm -r" not in b"".join(item.body for item in outside.received)
    for item in outside.received:
        stamp, _, signed = item.headers["safety-signature"].partition(",v1=")
        expected = hmac.new(secret.encode(), stamp.removeprefix("t=").encode() + b"." + item.body, hashlib.sha256)
        assert hmac.compare_digest(signed, expected.hexdigest())
        assert int(stamp.removeprefix("t=")) <= house.clock.now


async def test_what_was_not_taken_is_sent_again_under_the_same_number(house: RunningHub, outside: Receiver) -> None:
    await person_with(house, "Olga", ("owner", "acme"))
    await webhooks.add(house.context, ACME, outside.url, {"question"})
    outside.statuses = [500, 302, 404]
    await questions.take(house.context, question())
    for _ in range(6):
        await tell(house, 120)
    assert len(outside.received) == 4
    assert len({item.headers["safety-delivery"] for item in outside.received}) == 1


async def test_a_question_that_runs_out_is_an_answer_of_nobody(house: RunningHub, outside: Receiver) -> None:
    await person_with(house, "Olga", ("owner", "acme"))
    await webhooks.add(house.context, ACME, outside.url, {"answer"})
    await questions.take(house.context, question())
    await tell(house)
    await tell(house, 25 * 3600)
    assert [item.json["data"] for item in outside.received] == [{"by": "", "state": "expired"}]


async def test_the_secret_is_closed_in_the_database(house: RunningHub, outside: Receiver) -> None:
    await person_with(house, "Olga", ("owner", "acme"))
    _, secret = await webhooks.add(house.context, ACME, outside.url, {"alert"})
    (stored,) = await webhooks.listed(house.context, ACME)
    assert secret.encode() not in stored.secret


async def test_a_receiver_is_taken_away_by_its_own_tenant_with_what_waits(house: RunningHub, outside: Receiver) -> None:
    await person_with(house, "Olga", ("owner", "acme"), ("owner", "globex"))
    webhook, _ = await webhooks.add(house.context, ACME, outside.url, {"question"})
    outside.statuses = [500]
    await questions.take(house.context, question())
    await tell(house)
    with pytest.raises(NotFoundError):
        await webhooks.remove(house.context, TenantId("globex"), webhook.id)
    await webhooks.remove(house.context, ACME, webhook.id)
    await tell(house, 3600)
    assert len(outside.received) == 1


async def test_there_are_ten_at_most_and_only_events_that_there_are(house: RunningHub, outside: Receiver) -> None:
    await person_with(house, "Olga", ("owner", "acme"))
    for events in (set(), {"everything"}):
        with pytest.raises(InputError):
            await webhooks.add(house.context, ACME, outside.url, events)
    for _ in range(10):
        await webhooks.add(house.context, ACME, outside.url, {"alert"})
    with pytest.raises(LimitError):
        await webhooks.add(house.context, ACME, outside.url, {"alert"})


INSIDE = ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433", "[::ffff:127.0.0.1]", "169.254.169.254")


async def test_no_event_goes_inside(small_hub: RunningHub) -> None:
    """Not so much as a connection: what speaks no TLS there would hear of one, too."""
    knocked = []

    async def hears(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocked.append(writer.get_extra_info("peername"))
        writer.close()

    await person_with(small_hub, "Olga", ("owner", "acme"))
    async with await asyncio.start_server(hears, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for host in INSIDE:
            await webhooks.add(small_hub.context, ACME, f"https://{host}:{port}/", {"question"})
        await questions.take(small_hub.context, question())
        for _ in range(3):
            await tell(small_hub, 60)
    assert knocked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "https://user:pass@hooks.example/",
        "https://hooks.example\\@evil.example/",
        "https:///path",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "https://hooks.example/\r\nX: y",
        "https://hooks.example/a b",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://[::1",
        "https://hoöks.example/",
        "https://hooks.example/" + "a" * 3000,
        "",
    ],
)
def test_what_is_no_address_of_a_receiver_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        check_url(url, "webhook", private=False)
