"""Under the policy that was published last, the hub refuses at once what the edge would refuse anyway."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hub.approvals import answering, questions
from hub.approvals.approver import Approver
from hub.store import passkeys
from hub.store.passkeys import Passkey
from safety_core.approve import verify_grant
from safety_core.errors import ForgedGrantError, WeakApproverError
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import START, RunningHub, question
from tests.simulators.passkeys import Authenticator
from tests.simulators.repository import SOURCES, TENANT, Repository, release_from
from tests.simulators.visitors import person_with

HERE = TenantId(TENANT)
OLGA = Authenticator.fresh()


async def published(
    hub: RunningHub, source: Repository, *more: dict[str, Any], revision: str = "r1", **entry: Any
) -> None:
    keys = hub.context.keys
    own = {"id": keys.approvals_id, "kind": "hub", "public": keys.approvals_public, "up_to": "red"}
    text = json.dumps({"approvers": [{**own, **entry}, *more]}).encode()
    release = release_from({**SOURCES, "approvers.yaml": text}, revision)
    hub.context.repositories.put(HERE, source.publish(release).files)


async def asked(hub: RunningHub, **given: Any) -> ApprovalRequest:
    request = question(HERE, **given)
    await questions.take(hub.context, request)
    return request


def who(origin: str = "console", **given: Any) -> Approver:
    return Approver(HERE, "Olga", origin, **given)


async def test_a_channel_answers_up_to_its_level(small_hub: RunningHub) -> None:
    await small_hub.edge(HERE)
    await published(small_hub, Repository(), channels={"email": "yellow_external"})
    red, mild = await asked(small_hub), await asked(small_hub, level=Level.YELLOW_EXTERNAL)
    context = small_hub.context
    for origin in ("email:link", "push:link"):
        with pytest.raises(WeakApproverError, match="may not approve red here"):
            await answering.answer(context, who(origin), red.id, allow=True)
    with pytest.raises(WeakApproverError):
        await answering.answer(context, who("push:link"), mild.id, allow=True)
    assert (await answering.answer(context, who("email:link"), mild.id, allow=True)).state is ApprovalState.GRANTED
    assert (await questions.find(context, HERE, red.id)).state is ApprovalState.PENDING
    assert (await answering.answer(context, who("push:link"), red.id, allow=False)).state is ApprovalState.DENIED


async def test_a_one_time_code_is_enough_only_where_policy_says_so(small_hub: RunningHub) -> None:
    await small_hub.edge(HERE)
    source = Repository()
    for strong in (False, True):
        await published(small_hub, source, strong=strong, up_to="critical_red")
        request = await asked(small_hub, strong=True)
        attempt = answering.answer(small_hub.context, who(totp=True), request.id, allow=True)
        if strong:
            assert (await attempt).state is ApprovalState.GRANTED
        else:
            with pytest.raises(WeakApproverError):
                await attempt


async def test_a_passkey_that_policy_does_not_pin_is_refused_and_one_that_it_pins_opens_the_edge(
    small_hub: RunningHub,
) -> None:
    context = small_hub.context
    await small_hub.edge(HERE)
    olga = replace(OLGA, site=context.settings.origin)
    person = await person_with(small_hub, "Olga", ("owner", HERE))
    async with context.database.write() as connection:
        await passkeys.add(connection, Passkey("AAAA", person.id, "phone", b"", olga.spki, 0, START))
    source = Repository()
    await published(small_hub, source)
    request = await asked(small_hub, strong=True)
    draft = (await answering.draft(context, who(), request.id, "AAAA")).grant
    with pytest.raises(ForgedGrantError, match="not pinned in the policy"):
        await answering.answer_signed(context, who(), olga.finished(draft))
    await published(small_hub, source, olga.entry)
    grant = (await answering.answer_signed(context, who(), olga.finished(draft))).grant
    policy = await answering.policy_of(context, HERE)
    assert policy is not None
    assert verify_grant(Approval(request, ApprovalState.GRANTED, grant, START), request, policy, START + 1) == grant


async def test_a_question_that_was_asked_under_another_policy_is_the_edges_to_judge(small_hub: RunningHub) -> None:
    await small_hub.edge(HERE)
    await published(small_hub, Repository(), revision="r2", up_to="yellow")
    request = await asked(small_hub)
    assert (await answering.answer(small_hub.context, who(), request.id, allow=True)).state is ApprovalState.GRANTED
