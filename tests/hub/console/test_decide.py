"""What a form may say: only about this tenant's questions, only what its sender signed."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace

import pytest

from hub.approvals import answering, questions
from hub.approvals.approver import Approver
from hub.console.asked import TOGETHER
from hub.store import deeds, passkeys
from hub.store.passkeys import Passkey
from safety_core.model.approval import ApprovalRequest, ApprovalState, Grant, RequestId
from safety_core.wire.approvals import grant_to_json
from tests.simulators.hub import RunningHub, question
from tests.simulators.passkeys import Authenticator
from tests.simulators.visitors import Visitor, visitor


async def asked_in(hub: RunningHub, tenant: str = "acme", **given: object) -> ApprovalRequest:
    asked = question(tenant, now=hub.clock(), action_digest=secrets.token_hex(32), **given)  # type: ignore[arg-type]
    await questions.take(hub.context, asked)
    return asked


async def state_of(hub: RunningHub, asked: ApprovalRequest) -> ApprovalState:
    return (await questions.find(hub.context, asked.tenant, asked.id)).state


async def own_passkey(hub: RunningHub, olga: Visitor) -> Authenticator:
    """Give the visitor a passkey that the hub knows."""
    key = Authenticator.fresh(site=hub.context.settings.origin, name=olga.person.name)
    kept = Passkey("Y3JlZGVudGlhbA", olga.person.id, "Phone", b"cose", key.spki, 0, hub.clock())
    async with hub.context.database.write() as connection:
        await passkeys.add(connection, kept)
    return key


async def drafted(hub: RunningHub, asked: ApprovalRequest, *, allow: bool = True) -> Grant:
    olga = Approver(asked.tenant, "Olga", "console")
    return (await answering.draft(hub.context, olga, asked.id, "Y3JlZGVudGlhbA", allow=allow)).grant


def path(asked: ApprovalRequest, what: str = "approve") -> str:
    return f"/questions/{asked.tenant}/{asked.id}/{what}"


async def test_a_signed_answer(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub)
    key, asked = await own_passkey(small_hub, olga), await asked_in(small_hub, strong=True)
    signed = key.finished(await drafted(small_hub, asked))
    answer = await olga.post(path(asked), signed=json.dumps([grant_to_json(signed)]))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/?answered=acme/{asked.id}")
    assert await state_of(small_hub, asked) is ApprovalState.GRANTED


async def test_a_signed_answer_that_was_changed_counts_for_nothing(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub)
    key, asked = await own_passkey(small_hub, olga), await asked_in(small_hub, strong=True)
    other = await asked_in(small_hub, strong=True, tool="db.drop")
    draft = await drafted(small_hub, asked)
    signed = key.finished(draft)
    liar = Authenticator.fresh(site=small_hub.context.settings.origin, name="Olga")
    for forged in (
        replace(signed, request=other.id),
        replace(signed, action_digest=other.action_digest),
        replace(signed, approver="Otto"),
        replace(signed, origin="console+totp"),
        replace(signed, decided=signed.decided + 1),
        replace(draft, assertion=liar.finished(draft).assertion),
        key.finished(await drafted(small_hub, other)),
        key.finished(await drafted(small_hub, asked, allow=False)),
    ):
        answer = await olga.post(path(asked), signed=json.dumps([grant_to_json(forged)]))
        assert 400 <= answer.status_code < 500, forged
        assert await state_of(small_hub, asked) is ApprovalState.PENDING
        assert await state_of(small_hub, other) is ApprovalState.PENDING


@pytest.mark.parametrize("signed", ["[]", "{}", "null", "[1]", "[{}]", "x", '[{"request": "a"}]', "[" * 500])
async def test_what_is_no_answer_is_refused(small_hub: RunningHub, signed: str) -> None:
    olga = await visitor(small_hub)
    asked = await asked_in(small_hub)
    assert (await olga.post(path(asked), signed=signed)).status_code == 400
    assert await state_of(small_hub, asked) is ApprovalState.PENDING


async def test_other_tenants_questions_are_not_there(small_hub: RunningHub) -> None:
    olga, otto = await visitor(small_hub), await visitor(small_hub, "Otto", ("owner", "other"))
    ours, theirs = await asked_in(small_hub), await asked_in(small_hub, "other")
    for what in ("approve", "deny", "cancel", "edit", "outward"):
        assert (await otto.post(path(ours, what))).status_code == 404, what
        assert (await olga.post(path(ours, what), also=theirs.id)).status_code in {303, 400, 404, 409}, what
    swapped = f"/questions/acme/{theirs.id}/deny"
    assert (await olga.post(swapped)).status_code == 404
    assert await state_of(small_hub, theirs) is ApprovalState.PENDING


async def test_what_somebody_else_settled_keeps_no_other_back(small_hub: RunningHub) -> None:
    olga, sven = await visitor(small_hub), await visitor(small_hub, "Sven")
    asked = [await asked_in(small_hub, params={"command": f"rm {number}"}) for number in range(3)]
    await sven.post(path(asked[1], "deny"))
    also = ",".join(one.id for one in asked[1:])
    assert (await olga.post(path(asked[0]), also=also)).status_code == 303
    states = [await state_of(small_hub, one) for one in asked]
    assert states == [ApprovalState.GRANTED, ApprovalState.DENIED, ApprovalState.GRANTED]
    async with small_hub.context.database.read() as connection:
        noted = [await deeds.about(connection, one.tenant, one.id) for one in asked]
    assert [[(deed.person, deed.deed) for deed in of_one] for of_one in noted] == [
        [("Olga", "approve")],
        [("Sven", "deny")],
        [("Olga", "approve")],
    ]


async def test_who_only_looks_answers_nothing(small_hub: RunningHub) -> None:
    vera = await visitor(small_hub, "Vera", ("viewer", "acme"), ("admin", "acme"))
    asked = await asked_in(small_hub)
    for what in ("approve", "deny", "cancel", "edit", "outward"):
        assert (await vera.post(path(asked, what))).status_code == 403, what
    assert await state_of(small_hub, asked) is ApprovalState.PENDING


async def test_the_same_press_twice_is_one_answer(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub)
    asked = await asked_in(small_hub)
    first, second = await olga.post(path(asked, "deny")), await olga.post(path(asked, "deny"))
    assert (first.status_code, second.status_code) == (303, 409)
    shown = await questions.find(small_hub.context, asked.tenant, asked.id)
    assert len(shown.answers) == 1


async def test_a_strong_question_is_not_the_hubs_to_approve(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub)
    asked = await asked_in(small_hub, strong=True)
    assert (await olga.post(path(asked))).status_code == 403
    assert (await olga.post(path(asked), code="000000")).status_code == 403
    assert await state_of(small_hub, asked) is ApprovalState.PENDING


async def test_too_many_at_once(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub)
    asked = await asked_in(small_hub)
    also = ",".join(secrets.token_hex(16) for _ in range(TOGETHER + 1))
    assert (await olga.post(path(asked), also=also)).status_code == 400
    assert (await olga.post(path(asked), also=RequestId("x" * 40))).status_code == 404
    assert await state_of(small_hub, asked) is ApprovalState.PENDING


async def test_a_link_cannot_put_words_on_a_page(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub)
    for said in ("acme/<script>", "other/" + "0" * 32, "/", "acme/" + "0" * 32, "Approved"):
        page = await olga.get(f"/?answered={said}&changed={said}")
        assert page.status_code == 200
        assert 'role="status" hidden' in page.text
        assert page.text.count('role="status"') == 1
