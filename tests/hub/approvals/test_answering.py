"""What people say of questions: several of them, by passkeys, changing their minds, ending them; what cards show."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from dataclasses import replace
from typing import Any

import pytest

from hub.approvals import answering, questions
from hub.approvals.answering import Settled
from hub.approvals.approver import Approver
from hub.bus import Topic
from hub.errors import ConflictError, FloodError, NotFoundError
from hub.store import passkeys, tenants
from hub.store.passkeys import Passkey
from safety_core.approve import code, key_id
from safety_core.errors import (
    GrantError,
    InputError,
    RefusedError,
    UnavailableError,
    WeakApproverError,
)
from safety_core.model.approval import ANSWER_SECONDS, ApprovalRequest, ApprovalState, Cancellation, Grant
from safety_core.model.level import Level
from safety_core.model.policy import KeyKind
from safety_core.model.tool_call import AgentId, TenantId
from tests.simulators.hub import START, RunningHub, json_of, question
from tests.simulators.passkeys import Authenticator
from tests.simulators.visitors import person_with

ACME = TenantId("acme")


def who(name: str = "Olga", origin: str = "console", **given: Any) -> Approver:
    return Approver(ACME, name, origin, **given)


async def asked(hub: RunningHub, **given: Any) -> ApprovalRequest:
    """A question that waits at the hub, from an edge that is made at the first one."""
    request = question(**given)
    async with hub.context.database.read() as connection:
        known = await tenants.find(connection, ACME)
    if known is None:
        await hub.edge(ACME)
    await questions.take(hub.context, request)
    return request


async def answered(hub: RunningHub, request: ApprovalRequest, name: str = "Olga", *, allow: bool = True) -> Settled:
    return await answering.answer(hub.context, who(name), request.id, allow=allow)


async def fed(hub: RunningHub) -> list[Any]:
    edge = next(client.__self__ for client in hub.clients if hasattr(client.__self__, "decisions"))
    return [*(await edge.decisions(0)).items]


async def test_two_people_are_two_and_one_is_one(hub: RunningHub) -> None:
    request = await asked(hub, quorum=2)
    first = await answered(hub, request, "Ann")
    assert (first.state, first.missing) == (ApprovalState.PENDING, 1)
    assert await answered(hub, request, "Ann") == first
    (waiting,) = await questions.listed(hub.context, [ACME])
    assert (waiting.missing, [grant.approver for grant in waiting.answers]) == (1, ["Ann"])
    last = await answered(hub, request, "Bob")
    assert (last.state, last.missing) == (ApprovalState.GRANTED, 0)
    assert await fed(hub) == [first.grant, last.grant]
    assert await answered(hub, request, "Ann") == replace(first, state=ApprovalState.GRANTED, missing=0)
    with pytest.raises(ConflictError, match="already granted by Bob"):
        await answered(hub, request, "Cem")


async def test_one_no_ends_it_also_of_somebody_who_said_yes(hub: RunningHub) -> None:
    for nay in ("Ann", "Bob"):
        request = await asked(hub, quorum=3)
        await answered(hub, request, "Ann")
        ended = await answered(hub, request, nay, allow=False)
        assert (ended.state, ended.missing) == (ApprovalState.DENIED, 0)
        with pytest.raises(ConflictError, match=f"already denied by {nay}"):
            await answered(hub, request, "Cem")
        shown = await questions.find(hub.context, ACME, request.id)
        assert shown.missing == 0
        assert len(await fed(hub)) % 2 == 0


async def test_of_many_people_at_once_exactly_as_many_as_are_needed_settle_it(hub: RunningHub) -> None:
    request = await asked(hub, quorum=3)
    people = [f"P{n}" for n in range(8)]
    told = await asyncio.gather(*(answered(hub, request, name) for name in people), return_exceptions=True)
    settled = [item for item in told if isinstance(item, Settled)]
    assert sorted(item.missing for item in settled) == [0, 1, 2]
    assert [item.state for item in settled].count(ApprovalState.GRANTED) == 1
    assert len(await fed(hub)) == 3


async def test_a_question_can_be_cancelled_and_is_over_then(hub: RunningHub) -> None:
    request = await asked(hub)
    for _ in range(2):
        await answering.cancel(hub.context, who(), request.id)
    assert await fed(hub) == [Cancellation(request.id, "Olga")]
    with pytest.raises(ConflictError, match="is cancelled"):
        await answered(hub, request)
    granted = await asked(hub)
    await answered(hub, granted)
    with pytest.raises(ConflictError, match="already granted"):
        await answering.cancel(hub.context, who(), granted.id)
    with pytest.raises(NotFoundError):
        await answering.cancel(hub.context, Approver(TenantId("globex"), "Olga", "console"), request.id)


async def test_what_is_of_another_tenant_is_not_there(small_hub: RunningHub) -> None:
    request = await asked(small_hub)
    await small_hub.edge("globex")
    other = Approver(TenantId("globex"), "Olga", "console")
    for attempt in (
        answering.answer(small_hub.context, other, request.id, allow=True),
        answering.draft(small_hub.context, other, request.id, "AAAA"),
        answering.answer_signed(small_hub.context, other, Authenticator.fresh().grant(request)),
        questions.find(small_hub.context, other.tenant, request.id),
    ):
        with pytest.raises(NotFoundError):
            await attempt
    assert await questions.listed(small_hub.context, [other.tenant], None) == ()
    assert await questions.history(small_hub.context, [other.tenant]) == ()
    assert len(await questions.listed(small_hub.context, [ACME, other.tenant])) == 1


async def with_passkey(hub: RunningHub, name: str = "Olga", **given: Any) -> tuple[Authenticator, str]:
    """A person with a passkey at this hub; returns it and its credential."""
    passkey = Authenticator.fresh(site=hub.context.settings.origin, name=name, **given)
    person = await person_with(hub, name, ("owner", ACME))
    credential = base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
    stored = Passkey(credential, person.id, "phone", b"cose", passkey.spki, 0, START)
    async with hub.context.database.write() as connection:
        assert await passkeys.add(connection, stored)
    return passkey, credential


async def test_a_passkey_answers_what_asks_for_a_strong_approver(hub: RunningHub) -> None:
    request = await asked(hub, strong=True)
    olga, credential = await with_passkey(hub)
    with pytest.raises(WeakApproverError):
        await answered(hub, request)
    draft = await answering.draft(hub.context, who(), request.id, credential)
    assert draft.grant.key == key_id(KeyKind.PASSKEY, olga.spki)
    settled = await answering.answer_signed(hub.context, who(), olga.finished(draft.grant))
    assert settled.state is ApprovalState.GRANTED
    assert await fed(hub) == [settled.grant]
    again = await answering.answer_signed(hub.context, who(), olga.finished(draft.grant))
    assert again.grant == settled.grant
    with pytest.raises(ConflictError, match="is granted"):
        await answering.draft(hub.context, who(), request.id, credential)


async def test_a_passkeys_answer_is_checked_before_it_is_passed_on(hub: RunningHub) -> None:
    request, other = await asked(hub, strong=True), await asked(hub, strong=True)
    olga, credential = await with_passkey(hub)
    ben, bens = await with_passkey(hub, "Ben")
    draft = (await answering.draft(hub.context, who(), request.id, credential)).grant
    good = olga.finished(draft)
    elsewhere = Authenticator(olga.key, site="https://evil.example")
    lies: tuple[tuple[Approver, Grant], ...] = (
        (who(), replace(good, allow=False)),
        (who(), replace(good, request=other.id, action_digest=other.action_digest)),
        (who(), elsewhere.finished(draft)),
        (who(), ben.finished(draft)),
        (who(), ben.finished(replace(draft, key=ben.pinned.id))),
        (who("Ben"), good),
        (who(), replace(good, assertion=None)),
        (who(), replace(good, not_after=START + 2 * ANSWER_SECONDS)),
    )
    for approver, lie in lies:
        with pytest.raises(GrantError):
            await answering.answer_signed(hub.context, approver, lie)
    for approver, name in ((who(), bens), (who("Ben"), credential), (who(), "nope")):
        with pytest.raises(NotFoundError, match="not one of yours"):
            await answering.draft(hub.context, approver, request.id, name)
    assert await fed(hub) == []
    no = (await answering.draft(hub.context, who(), request.id, credential, allow=False)).grant
    assert (await answering.answer_signed(hub.context, who(), olga.finished(no))).state is ApprovalState.DENIED


async def test_a_draft_that_waits_too_long_is_worth_nothing(small_hub: RunningHub) -> None:
    request = await asked(small_hub)
    olga, credential = await with_passkey(small_hub)
    draft = (await answering.draft(small_hub.context, who(), request.id, credential)).grant
    small_hub.clock.now += ANSWER_SECONDS + 1
    with pytest.raises((ConflictError, GrantError)):
        await answering.answer_signed(small_hub.context, who(), olga.finished(draft))
    assert (await questions.find(small_hub.context, ACME, request.id)).state is ApprovalState.EXPIRED


async def test_a_one_time_code_is_said_in_the_origin_and_nobody_else_can_say_it(small_hub: RunningHub) -> None:
    request = await asked(small_hub, strong=True)
    settled = await answering.answer(small_hub.context, who(totp=True), request.id, allow=True)
    assert settled.grant.origin == "console+totp"
    assert who(origin="email:link", totp=True).said_from == "email+totp:link"
    for origin in ("console+totp", "", "x" * 65):
        with pytest.raises(InputError, match="origin"):
            who(origin=origin)
    olga = await small_hub.approver(ACME)
    plain = await asked(small_hub)
    for origin in ("console", "console+totp", "email:link"):
        said = await olga.post(f"/v1/approvals/{plain.id}/decision", json={"allow": True, "origin": origin})
        assert said.status_code == 400


async def test_a_question_that_is_asked_anew_takes_the_place_of_the_one_before(hub: RunningHub) -> None:
    first = await asked(hub)
    again = await asked(hub, action_digest=first.action_digest)
    assert [item.request.id for item in await questions.listed(hub.context, [ACME])] == [again.id]
    assert (await questions.find(hub.context, ACME, first.id)).state is ApprovalState.CANCELLED
    with pytest.raises(ConflictError, match="is cancelled"):
        await answered(hub, first)
    await answered(hub, again)
    third = await asked(hub, action_digest=first.action_digest)
    assert (await questions.find(hub.context, ACME, third.id)).state is ApprovalState.PENDING
    assert (await questions.find(hub.context, ACME, again.id)).state is ApprovalState.GRANTED


async def test_of_questions_alike_that_come_at_once_one_stays_open(hub: RunningHub) -> None:
    first = await asked(hub)
    alike = [question(action_digest=first.action_digest) for _ in range(6)]
    told = await asyncio.gather(*(questions.take(hub.context, one) for one in alike), return_exceptions=True)
    assert all(isinstance(item, tuple | ConflictError) for item in told), told
    assert len(await questions.listed(hub.context, [ACME])) == 1


async def test_one_agent_that_asks_and_asks_is_stopped_and_holds_up_no_other(hub: RunningHub) -> None:
    settings = replace(hub.context.settings, max_pending=100, agent_pending=2, agent_hourly=4)
    context = replace(hub.context, settings=settings)
    await asked(hub)
    await questions.take(context, question())
    with pytest.raises(FloodError, match="agent shop: too many open questions"):
        await questions.take(context, question())
    for _ in range(2):
        (one, *_rest) = await questions.listed(context, [ACME])
        await answering.answer(context, who(), one.request.id, allow=False)
        await questions.take(context, question())
    with pytest.raises(FloodError, match="too many"):
        await questions.take(context, question())
    for one in await questions.listed(context, [ACME]):
        await answering.answer(context, who(), one.request.id, allow=False)
    with pytest.raises(FloodError, match="within an hour"):
        await questions.take(context, question())
    assert (await questions.take(context, question(agent=AgentId("other"))))[1]
    hub.clock.now += 3601
    assert (await questions.take(context, question(now=hub.clock.now)))[1]


async def test_an_edge_is_told_that_it_asks_too_much(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme")
    for _ in range(5):
        await edge.push_approval(question())
    with pytest.raises(UnavailableError, match="too many open questions") as told:
        await edge.push_approval(question())
    assert not isinstance(told.value, RefusedError)


async def test_history_is_searched_by_words(hub: RunningHub) -> None:
    texts = ("rm -r ./Straße", "transfer 50% to ann_b", "SELECT 'x' -- \\", "nul \x00 here")
    for text in texts:
        hub.clock.now += 1
        request = await asked(hub, params={"command": text}, reason="because", now=hub.clock.now)
        await answered(hub, request, "Bob" if "ann" in text else "Ann", allow="ann" in text)
    waiting = await asked(hub)

    async def found(search: str, **given: Any) -> list[Any]:
        kept = await questions.history(hub.context, [ACME], search, **given)
        return [item.request.params["command"] for item in kept]

    assert await found("") == [*reversed(texts)]
    assert waiting.id not in {item.request.id for item in await questions.history(hub.context, [ACME])}
    assert await found("STRASSE") == [texts[0]]
    assert await found("50%") == [texts[1]]
    assert await found("ann_b bob") == [texts[1]]
    assert await found("annxb") == []
    assert await found("' -- ") == [texts[2]]
    assert await found("' OR 1=1") == []
    assert await found("bob") == [texts[1]]
    assert await found("", before=START + 3) == [texts[1], texts[0]]


async def test_beside_a_question_stand_earlier_ones_like_it(hub: RunningHub) -> None:
    def mail(to: str, text: str) -> dict[str, Any]:
        params = {"to": to, "text": text}
        return {"tool": "message", "params": params, "recipients": (to,), "level": Level.YELLOW_EXTERNAL}

    for to, text in (("ann@x.example", "a"), ("bob@x.example", "b"), ("ann@x.example", "c")):
        hub.clock.now += 1
        await answered(hub, await asked(hub, **mail(to, text)))
    await answered(hub, await asked(hub, tool="exec"))
    await answered(hub, await asked(hub, agent=AgentId("other"), **mail("ann@x.example", "d")))
    now = await asked(hub, **mail("ann@x.example", "e"))
    shown = [item.request.params["text"] for item in await questions.similar(hub.context, now)]
    assert shown == ["c", "a", "b"]
    await answered(hub, now)
    assert len(await questions.similar(hub.context, now)) == 3


async def test_questions_alike_are_grouped(small_hub: RunningHub) -> None:
    one, two = await asked(small_hub), await asked(small_hub)
    other = await asked(small_hub, tool="process")
    groups = questions.grouped(await questions.listed(small_hub.context, [ACME]))
    assert sorted(sorted(item.request.id for item in group) for group in groups) == sorted(
        [sorted([one.id, two.id]), [other.id]]
    )


async def test_the_api_tells_who_is_missing_and_ends_questions(small_hub: RunningHub) -> None:
    request, other = await asked(small_hub, quorum=2), await asked(small_hub)
    ann, bob = await small_hub.approver(ACME, "Ann"), await small_hub.approver(ACME, "Bob")
    path = f"/v1/approvals/{request.id}"
    assert json_of(await ann.post(f"{path}/decision", json={"allow": True}))["missing"] == 1
    shown = json_of(await bob.get(path))
    assert (shown["missing"], shown["state"], shown["grant"]) == (1, "pending", None)
    assert [grant["approver"] for grant in shown["answers"]] == ["Ann"]
    assert json_of(await bob.post(f"{path}/decision", json={"allow": True}))["state"] == "granted"
    assert json_of(await bob.get(path))["grant"]["approver"] == "Bob"
    assert json_of(await ann.post(f"/v1/approvals/{other.id}/cancel"))["state"] == "cancelled"
    assert (await ann.post(f"/v1/approvals/{request.id}/cancel")).status_code == 409
    assert (await small_hub.http().post(f"/v1/approvals/{other.id}/cancel")).status_code == 401
    assert len(code(request.action_digest)) == 9
    assert json.loads(json.dumps(shown)) == shown


async def test_what_nobody_answered_in_time_is_over_before_it_is_noted(hub: RunningHub) -> None:
    request = await asked(hub)
    hub.clock.now += ANSWER_SECONDS + 1

    states = (None, *ApprovalState)

    async def told() -> list[list[str]]:
        shown = [await questions.listed(hub.context, [ACME], state) for state in states]
        shown.append(await questions.history(hub.context, [ACME]))
        return [[item.state.value for item in found] for found in shown]

    once = await told()
    assert once == [*([["expired"] if state in {None, "expired"} else [] for state in states]), ["expired"]]
    with hub.context.bus.listen([ACME], [Topic.INBOX]) as ear:
        for _ in range(2):
            await questions.expire(hub.context)
        assert await asyncio.wait_for(ear.heard(), 60) == {(ACME, Topic.INBOX)}
    assert await told() == once
    again = await asked(hub, action_digest=request.action_digest, now=hub.clock.now)
    assert (await questions.find(hub.context, ACME, again.id)).state is ApprovalState.PENDING
    hub.clock.now += ANSWER_SECONDS + 1
    await asked(hub, action_digest=request.action_digest, now=hub.clock.now)
    assert (await questions.find(hub.context, ACME, again.id)).state is ApprovalState.EXPIRED
