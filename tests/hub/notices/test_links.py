"""A link in a message answers one question, once, for one person, by a press, and by nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from hub.approvals import answering, questions
from hub.approvals.approver import Approver
from hub.notices import links
from hub.policy.reading import policy_of
from hub.roles import Person
from hub.store import people
from safety_core.approve import verify_grant
from safety_core.edge.hub import HubClient
from safety_core.errors import UnavailableError
from safety_core.model.approval import ANSWER_SECONDS, Approval, ApprovalRequest, ApprovalState
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, TenantId
from tests.simulators.hub import START, RunningHub, question
from tests.simulators.mail_server import MailServer
from tests.simulators.repository import SOURCES, TENANT, Repository, release_from
from tests.simulators.told import let_channels_approve, links_in, reached_by_mail, tell
from tests.simulators.visitors import browser, person_with

ACME = TenantId("acme")


async def sent(hub: RunningHub, mails: MailServer, asked: ApprovalRequest) -> str:
    """Put a question, and return the path of the link that the newest mail carries."""
    await questions.take(hub.context, asked)
    await tell(hub)
    return links_in(mails.taken[-1].text)[0]


def form(path: str, press: str = "approve") -> dict[str, str]:
    return {"token": path.removeprefix("/a/"), "press": press}


async def state(hub: RunningHub, asked: ApprovalRequest) -> ApprovalState:
    return (await questions.find(hub.context, asked.tenant, asked.id)).state


@pytest.fixture
async def edge(house: RunningHub, monkeypatch: pytest.MonkeyPatch) -> HubClient:
    """Acme's edge; Olga is told by e-mail, by which the policy lets her approve up to red."""
    client = await house.edge("acme")
    await reached_by_mail(house)
    let_channels_approve(monkeypatch, house, {"email": Level.RED})
    return client


async def test_a_press_approves_once_and_says_what_happened(
    house: RunningHub, edge: HubClient, mails: MailServer
) -> None:
    asked = question()
    path = await sent(house, mails, asked)
    someone = browser(house)
    page = await someone.get(path)
    assert page.status_code == 200
    assert "rm -r ./old" in page.text
    answer = await someone.post(path, data=form(path))
    assert "You approved it" in answer.text
    again = await someone.post(path, data=form(path, "deny"))
    assert again.status_code == 409
    assert "was used before" in again.text
    assert "This link was used before" in (await someone.get(path)).text
    (grant,) = (await edge.decisions(0)).grants
    assert (grant.approver, grant.origin, grant.allow) == ("Olga", "email:link", True)


async def test_of_many_presses_at_once_one_counts(house: RunningHub, edge: HubClient, mails: MailServer) -> None:
    path = await sent(house, mails, question())
    someone = browser(house)
    presses = [someone.post(path, data=form(path, word)) for word in ("approve", "deny") * 6]
    answers = await asyncio.gather(*presses)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 11
    assert len((await edge.decisions(0)).grants) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PROPFIND", "TRACE"])
async def test_what_scanners_previews_and_prefetches_send_changes_nothing(
    house: RunningHub, edge: HubClient, mails: MailServer, method: str
) -> None:
    asked = question()
    path = await sent(house, mails, asked)
    for query in ("", "?press=approve", "?token=x&press=approve"):
        for headers in ({}, {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"}):
            await browser(house).request(method, path + query, headers=headers)
    assert await state(house, asked) is ApprovalState.PENDING
    assert (await browser(house).post(path, data=form(path))).status_code == 200


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ({}, {}, 400),
        ({"press": "approve"}, {}, 400),
        ({"token": "own"}, {}, 400),
        ({"token": "own", "press": "yes"}, {}, 400),
        ({"token": "A" * 43, "press": "approve"}, {}, 400),
        ({"token": "own", "press": "approve"}, {"Origin": "https://evil.example"}, 403),
        ({"token": "own", "press": "approve"}, {"Origin": "null"}, 403),
        ({"token": "own", "press": "approve"}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ({"token": "own", "press": "approve"}, {"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_a_post_that_is_no_press_on_our_page_changes_nothing(
    house: RunningHub,
    edge: HubClient,
    mails: MailServer,
    fields: dict[str, str],
    headers: dict[str, str],
    status: int,
) -> None:
    asked = question()
    path = await sent(house, mails, asked)
    data = {name: path.removeprefix("/a/") if value == "own" else value for name, value in fields.items()}
    answer = await browser(house).post(path, data=data, headers=headers)
    assert answer.status_code == status
    assert await state(house, asked) is ApprovalState.PENDING


async def test_a_form_that_is_too_large_is_refused(house: RunningHub, edge: HubClient, mails: MailServer) -> None:
    path = await sent(house, mails, question())
    big = {**form(path), **{f"f{index}": "x" for index in range(300)}}
    assert (await browser(house).post(path, data=big)).status_code == 400


async def test_a_token_is_not_guessed_nor_found_in_the_database(
    house: RunningHub, edge: HubClient, mails: MailServer
) -> None:
    path = await sent(house, mails, question())
    token = path.removeprefix("/a/")
    digest = hashlib.sha256(token.encode()).hexdigest()
    for other in (secrets.token_urlsafe(32), digest, token[:-1], token + "A", "%00", "a" * 5000, token.upper()):
        assert (await browser(house).get(f"/a/{other}")).status_code in {404, 400, 414}
    async with house.context.database.read() as connection:
        stored = await links.links.find(connection, digest)
    assert stored is not None
    assert token not in repr(stored)


async def test_a_link_ends_with_its_question(house: RunningHub, edge: HubClient, mails: MailServer) -> None:
    asked = question()
    path = await sent(house, mails, asked)
    house.clock.now += ANSWER_SECONDS + 1
    assert (await browser(house).get(path)).status_code == 404
    assert (await browser(house).post(path, data=form(path))).status_code == 404
    assert await state(house, asked) is ApprovalState.EXPIRED


async def test_a_link_to_what_somebody_answered_says_so(house: RunningHub, edge: HubClient, mails: MailServer) -> None:
    asked = question()
    path = await sent(house, mails, asked)
    await answering.answer(house.context, Approver(ACME, "Pia", "console"), asked.id, allow=False)
    page = await browser(house).get(path)
    assert "denied" in page.text
    assert "<button" not in page.text
    answer = await browser(house).post(path, data=form(path))
    assert answer.status_code == 409
    assert "is already denied by Pia" in answer.text


async def _shut_out(hub: RunningHub, olga: Person) -> None:
    async with hub.context.database.write() as connection:
        await people.set_disabled(connection, olga.id, START)


async def _no_owner(hub: RunningHub, olga: Person) -> None:
    async with hub.context.database.write() as connection:
        await people.take_role(connection, olga.id, people.Role.OWNER, ACME)


@pytest.mark.parametrize("change", [_shut_out, _no_owner])
async def test_a_link_of_somebody_who_may_not_answer_any_more_opens_nothing(
    house: RunningHub, edge: HubClient, mails: MailServer, change: object
) -> None:
    asked = question()
    path = await sent(house, mails, asked)
    assert callable(change)
    await change(house, await person_with(house, "Olga"))
    assert (await browser(house).get(path)).status_code == 404
    assert (await browser(house).post(path, data=form(path))).status_code == 404
    assert await state(house, asked) is ApprovalState.PENDING


async def test_a_link_is_for_one_question_of_one_tenant(house: RunningHub, edge: HubClient, mails: MailServer) -> None:
    await house.edge("globex")
    await reached_by_mail(house, "Gina", ("owner", "globex"))
    ours, theirs = question(), question("globex")
    path = await sent(house, mails, ours)
    await sent(house, mails, theirs)
    data = {**form(path), "tenant": "globex", "request": theirs.id, "id": theirs.id}
    await browser(house).post(path, data=data)
    assert await state(house, theirs) is ApprovalState.PENDING
    assert await state(house, ours) is ApprovalState.GRANTED


async def test_a_token_of_another_link_does_not_press_this_one(
    house: RunningHub, edge: HubClient, mails: MailServer
) -> None:
    first, second = question(), question(agent=AgentId("other"))
    one, other = await sent(house, mails, first), await sent(house, mails, second)
    assert (await browser(house).post(one, data=form(other))).status_code == 400
    assert await state(house, first) is ApprovalState.PENDING
    assert await state(house, second) is ApprovalState.PENDING


@pytest.mark.parametrize(
    "given",
    [{"strong": True}, {"strong": True, "level": Level.YELLOW}, {"level": Level.CRITICAL_RED}],
)
async def test_what_policy_does_not_let_a_link_approve_is_offered_at_the_console_only(
    house: RunningHub, edge: HubClient, mails: MailServer, given: dict[str, object]
) -> None:
    asked = replace(question(), **given)  # type: ignore[arg-type]
    path = await sent(house, mails, asked)
    page = await browser(house).get(path)
    assert 'value="approve"' not in page.text
    assert f"/questions/acme/{asked.id}" in page.text
    assert (await browser(house).post(path, data=form(path))).status_code == 403
    assert await state(house, asked) is ApprovalState.PENDING
    assert "You denied it" in (await browser(house).post(path, data=form(path, "deny"))).text
    assert await state(house, asked) is ApprovalState.DENIED


async def test_a_channel_that_policy_does_not_name_approves_nothing(
    small_house: RunningHub, mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reached_by_mail(small_house)
    let_channels_approve(monkeypatch, small_house, {"telegram": Level.RED})
    asked = question(level=Level.YELLOW)
    path = await sent(small_house, mails, asked)
    assert (await browser(small_house).post(path, data=form(path))).status_code == 403
    assert await state(small_house, asked) is ApprovalState.PENDING


async def test_without_a_policy_that_the_hub_can_verify_a_link_approves_nothing(
    small_house: RunningHub, mails: MailServer
) -> None:
    await reached_by_mail(small_house)
    asked = question(level=Level.YELLOW)
    path = await sent(small_house, mails, asked)
    assert (await browser(small_house).post(path, data=form(path))).status_code == 403


async def test_of_two_who_have_to_say_yes_a_link_gives_one(
    house: RunningHub, edge: HubClient, mails: MailServer
) -> None:
    await reached_by_mail(house, "Pia")
    asked = question(quorum=2)
    await questions.take(house.context, asked)
    await tell(house)
    first, second = (links_in(mail.text)[0] for mail in mails.taken)
    told = await browser(house).post(first, data=form(first))
    assert "1 more person has to" in told.text
    assert await state(house, asked) is ApprovalState.PENDING
    await browser(house).post(second, data=form(second))
    assert await state(house, asked) is ApprovalState.GRANTED


async def test_a_link_whose_answer_could_not_be_stored_can_be_used_again(
    house: RunningHub, edge: HubClient, mails: MailServer
) -> None:
    path = await sent(house, mails, question())

    async def down(*_: object, **__: object) -> None:
        raise UnavailableError("hub database", "failed")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(answering, "answer", down)
        assert (await browser(house).post(path, data=form(path))).status_code == 503
    assert (await browser(house).post(path, data=form(path))).status_code == 200


HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>{{7*7}}\u202e"


async def test_hostile_names_and_arguments_are_text_on_the_page(
    house: RunningHub, edge: HubClient, mails: MailServer
) -> None:
    asked = question(
        agent=AgentId(HOSTILE), tool=HOSTILE, reason=HOSTILE, params={HOSTILE: HOSTILE, "n": {"deep": [HOSTILE]}},
        recipients=(HOSTILE,), amounts=(HOSTILE,), rules=(HOSTILE,),
    )  # fmt: skip
    path = await sent(house, mails, asked)
    for page in (await browser(house).get(path), await browser(house).post(path, data=form(path))):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "<svg onload" not in page.text
        assert "\u202e" not in page.text
        assert "{{7*7}}" in page.text


async def test_the_page_is_kept_nowhere_and_leads_nowhere(
    house: RunningHub, edge: HubClient, mails: MailServer
) -> None:
    path = await sent(house, mails, question())
    for query in ("", "?next=https://evil.example", "?url=//evil.example"):
        page = await browser(house).get(path + query)
        assert "evil.example" not in page.text
        assert "location" not in page.headers
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] in {"same-origin", "no-referrer"}
        assert page.headers["x-robots-tag"].startswith("noindex")
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "set-cookie" not in page.headers
    redirected: httpx2.Response = await browser(house).post(path + "?next=//evil.example", data=form(path))
    assert redirected.status_code == 200
    assert not re.search(r'href="(?!/)', redirected.text)


def test_links_are_nothing_that_a_log_or_a_guess_makes(tmp_path: Path) -> None:
    assert links.TOKEN.fullmatch(secrets.token_urlsafe(32))
    assert not links.TOKEN.fullmatch("a/../b")


async def test_what_a_link_gives_passes_the_checks_of_the_edge_under_the_published_policy(
    house: RunningHub, mails: MailServer
) -> None:
    here, keys = TenantId(TENANT), house.context.keys
    client = await house.edge(TENANT)
    await reached_by_mail(house, "Olga", ("owner", TENANT))
    key = {"id": keys.approvals_id, "kind": "hub", "public": keys.approvals_public, "up_to": "red"}
    entries = {"approvers": [{**key, "channels": {"email": "yellow_external", "telegram": "red"}}]}
    sources = {**SOURCES, "approvers.yaml": json.dumps(entries).encode()}
    house.context.repositories.put(here, Repository().publish(release_from(sources, "calm")).files)
    policy = await policy_of(house.context, here)
    assert policy is not None
    outward = question(TENANT, level=Level.YELLOW_EXTERNAL, outward=True, revision=policy.revision)
    path = await sent(house, mails, outward)
    assert "You approved it" in (await browser(house).post(path, data=form(path))).text
    (grant,) = (await client.decisions(0)).grants
    approval = Approval(outward, ApprovalState.GRANTED, grant, house.clock.now)
    assert verify_grant(approval, outward, policy, house.clock.now) == grant
    graver = question(TENANT, revision=policy.revision)
    path = await sent(house, mails, graver)
    assert (await browser(house).post(path, data=form(path))).status_code == 403
    assert await state(house, graver) is ApprovalState.PENDING
