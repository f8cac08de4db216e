"""Values that no page of ours and no edge of ours sends: each is refused, or shown, and breaks nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.approvals import questions
from hub.store import deeds
from safety_core.model.approval import ApprovalState
from safety_core.model.tool_call import TenantId
from safety_core.wire.fleet import Heartbeat
from tests.simulators.hub import RunningHub, question
from tests.simulators.visitors import visitor

BEFORE_ALL_TIME, AFTER_ALL_TIME = -1e300, 1e300

PLACES = (
    "/questions/%00/{id}",
    "/questions/acme/%00",
    "/history?q=%00",
    "/audit?q=a%00b",
    "/tenants/%00",
    "/policies/%00",
    "/usage?tenant=%00",
    "/releases/%00",
)


async def test_a_zero_character_in_an_address_is_no_page(hub: RunningHub) -> None:
    root = await visitor(hub, "Root", ("owner", ""), ("admin", ""), ("author", ""))
    for place in PLACES:
        assert (await root.get(place)).status_code == 404, place


async def test_a_denial_with_a_zero_character_is_none_and_every_denial_is_in_the_audit(hub: RunningHub) -> None:
    olga = await visitor(hub)
    asked = question()
    await questions.take(hub.context, asked)
    place = f"/questions/acme/{asked.id}/deny"
    assert (await olga.post(place, reason="no\x00")).status_code == 400
    assert (await questions.find(hub.context, asked.tenant, asked.id)).state is ApprovalState.PENDING
    assert (await olga.post(place, reason="no")).status_code == 303
    async with hub.context.database.read() as connection:
        assert [deed.deed for deed in await deeds.about(connection, TenantId("acme"), asked.id)] == ["deny: no"]


async def test_what_the_database_does_not_keep_is_the_senders_fault(hub: RunningHub) -> None:
    await hub.edge("acme")
    olga, publisher = await hub.approver("acme"), await hub.publisher("acme")
    for path in ("/v1/approvals/%00", "/v1/approvals/a%00b"):
        assert (await olga.get(path)).status_code in {400, 404}
    assert (await olga.post("/v1/outward/%00/withdraw")).status_code in {400, 404}
    assert (await publisher.get("/v1/releases/%00")).status_code in {400, 404}


@pytest.mark.parametrize("moment", [BEFORE_ALL_TIME, AFTER_ALL_TIME, -1e17, 1e17])
async def test_times_that_are_none_break_no_page(small_hub: RunningHub, moment: float) -> None:
    edge = await small_hub.edge("acme")
    olga = await visitor(small_hub)
    asked = replace(question(), created=moment, expires=moment)
    await questions.take(small_hub.context, asked)
    await edge.heartbeat(Heartbeat({}, at=moment, expires=moment))
    for place in ("/", "/history", f"/questions/acme/{asked.id}", "/tenants", "/tenants/acme"):
        assert (await olga.get(place)).status_code == 200, place


@pytest.mark.parametrize("tenant", ["a%0D%0AX-Planted:%20yes", "%C3%A9", "..", "a%20b", "A"])
async def test_nobody_has_a_role_at_what_is_no_tenants_name(small_hub: RunningHub, tenant: str) -> None:
    """The name of a downloaded file is made of it: neither a header of its own, nor a broken connection."""
    root = await visitor(small_hub, "Root", ("owner", ""), ("admin", ""), ("author", ""))
    for place in ("/usage.csv", "/audit/checkpoints.csv", "/audit.csv", "/agents", "/secrets"):
        page = await root.get(f"{place}?tenant={tenant}")
        assert page.status_code == 404, place
        assert "x-planted" not in page.headers


async def test_what_is_changed_of_a_tenant_that_there_is_not_is_a_conflict(hub: RunningHub) -> None:
    root = await visitor(hub, "Root", ("owner", ""), ("admin", ""))
    fields = {"zone": "UTC", "quiet_from": "22:00", "quiet_to": "23:00", "escalate": "5", "hourly": "3"}
    assert (await root.post("/tenants/nosuch/telling", **fields)).status_code == 409
    added = await root.post("/tenants/nosuch/telling/webhook", url="https://hooks.example/", **{"event-question": "1"})
    assert added.status_code == 409
