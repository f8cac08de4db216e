"""Nobody gets in without a key or token of their own, and nobody sees another tenant's anything."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import httpx2
import pytest
from nacl.signing import SigningKey

from hub import admin
from hub.auth.callers import token_hash
from safety_core.errors import RefusedError
from safety_core.model.tool_call import TenantId
from safety_core.wire.fleet import Heartbeat
from safety_core.wire.reader import BODY_LIMIT
from safety_core.wire.signed import SKEW_SECONDS, RequestStamp, sign_request
from tests.simulators.hub import START, RunningHub, bucket, json_of, question

KEY = SigningKey(b"\x07" * 32)


def contents(data: Path) -> bytes:
    return b"".join(path.read_bytes() for path in data.glob("hub.db*"))


def stamped(nonce: str = "ab" * 16, *, tenant: str = "acme", time: float = START) -> RequestStamp:
    return RequestStamp(TenantId(tenant), int(time), nonce)


async def test_a_replayed_request_is_refused_even_long_after_it_was_signed(hub: RunningHub) -> None:
    await hub.edge("acme", KEY)
    headers = sign_request("POST", "/v1/usage", b'{"buckets":[]}', stamped(), KEY)
    http = hub.http(headers)
    statuses = []
    for later in (0, 1, SKEW_SECONDS, SKEW_SECONDS + 1, 10 * SKEW_SECONDS):
        hub.clock.now = START + later
        statuses.append((await http.post("/v1/usage", content=b'{"buckets":[]}')).status_code)
    assert statuses == [200, 401, 401, 401, 401]


async def test_a_request_from_the_future_is_good_once_while_it_is_near(hub: RunningHub) -> None:
    await hub.edge("acme", KEY)
    headers = sign_request("GET", "/v1/repository/timestamp.json", b"", stamped(time=START + SKEW_SECONDS), KEY)
    http = hub.http(headers)
    assert (await http.get("/v1/repository/timestamp.json")).status_code == 404
    hub.clock.now += 2 * SKEW_SECONDS
    await hub.client("acme", KEY).heartbeat(Heartbeat({}))  # whatever else happens in between
    again = await http.get("/v1/repository/timestamp.json")
    assert (again.status_code, json_of(again)["error"]["reason"]) == (401, "has come before")


async def test_a_request_is_refused_if_anything_in_it_is_not_what_was_signed(small_hub: RunningHub) -> None:
    await small_hub.edge("acme", KEY)
    await small_hub.edge("globex")
    headers = sign_request("GET", "/v1/approvals/decisions?after=0", b"", stamped(), KEY)
    http = small_hub.http()
    for url, change in (
        ("/v1/approvals/decisions?after=1", {}),
        ("/v1/approvals/decisions", {}),
        ("/v1/approvals/decisions?after=0", {"Safety-Tenant": "globex"}),
        ("/v1/approvals/decisions?after=0", {"Safety-Tenant": "nobody"}),
        ("/v1/approvals/decisions?after=0", {"Safety-Nonce": "cd" * 16}),
        ("/v1/approvals/decisions?after=0", {"Safety-Time": str(int(START) + 1)}),
    ):
        refused = await http.get(url, headers={**headers, **change})
        assert (refused.status_code, json_of(refused)["error"]["reason"]) == (
            401,
            "is not signed by the tenant's registered key",
        )
    assert (await http.get("/v1/approvals/decisions?after=0", headers=headers)).status_code == 200


async def test_a_stranger_gets_nothing_from_any_address(small_hub: RunningHub) -> None:
    await small_hub.edge("acme")
    http = small_hub.http()
    for method, path, status in (
        ("GET", "/v1/repository/timestamp.json", 400),
        ("PUT", "/v1/tenants/acme/repository", 401),
        ("POST", "/v1/approvals", 400),
        ("GET", "/v1/approvals", 401),
        ("GET", "/v1/approvals/decisions", 400),
        ("GET", f"/v1/approvals/{'0' * 32}", 401),
        ("POST", f"/v1/approvals/{'0' * 32}/decision", 401),
        ("POST", "/v1/usage", 400),
        ("POST", "/v1/heartbeat", 400),
        ("GET", "/nothing", 404),
        ("DELETE", "/v1/usage", 405),
    ):
        answer = await http.request(method, path)
        assert answer.status_code == status, path
        assert set(json_of(answer)["error"]) == {"thing", "reason", "fix"}
    assert (await http.get("/v1/health")).status_code == 200


async def test_a_tenant_sees_and_answers_nothing_of_another(hub: RunningHub) -> None:
    acme, globex = await hub.edge("acme"), await hub.edge("globex")
    asked = question("acme")
    await acme.push_approval(asked)
    spy = await hub.approver("globex")
    assert json_of(await spy.get("/v1/approvals"))["approvals"] == []
    assert (await spy.get(f"/v1/approvals/{asked.id}")).status_code == 404
    for allow in (True, False):
        assert (await spy.post(f"/v1/approvals/{asked.id}/decision", json={"allow": allow})).status_code == 404
    same_id = question("globex", id=asked.id)
    await globex.push_approval(same_id)  # an id that another tenant has used is no obstacle, and no hint
    assert (await spy.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})).status_code == 200
    assert [grant.action_digest for grant in (await globex.decisions(0)).grants] == [same_id.action_digest]
    assert (await acme.decisions(0)).grants == ()
    owner = await hub.approver("acme")
    assert json_of(await owner.get(f"/v1/approvals/{asked.id}"))["state"] == "pending"


async def test_a_token_opens_its_own_door_only(small_hub: RunningHub) -> None:
    await small_hub.edge("acme")
    approver, publisher = await small_hub.approver("acme"), await small_hub.publisher("acme")
    assert (await publisher.get("/v1/approvals")).status_code == 401
    assert (await approver.put("/v1/tenants/acme/repository", content=b"")).status_code == 401
    token = await admin.add_tenant(small_hub.context, "acme")
    bearing = small_hub.http({"Authorization": f"Bearer {token}"})
    assert (await bearing.get("/v1/approvals")).status_code == 401
    basic = small_hub.http({"Authorization": approver.headers["authorization"].replace("Bearer", "Basic")})
    assert (await basic.get("/v1/approvals")).status_code == 401


async def test_a_new_token_of_the_same_person_ends_the_old_one(small_hub: RunningHub) -> None:
    await small_hub.edge("acme")
    old = await small_hub.approver("acme")
    new = await small_hub.approver("acme")
    assert (await old.get("/v1/approvals")).status_code == 401
    assert (await new.get("/v1/approvals")).status_code == 200


async def test_the_database_holds_no_token(small_hub: RunningHub) -> None:
    await small_hub.edge("acme")
    person = await small_hub.approver("acme")
    token = person.headers["authorization"].removeprefix("Bearer ")
    stored = contents(small_hub.context.settings.data)
    assert token.encode() not in stored
    assert token_hash(token).encode() in stored


async def test_a_registration_token_works_once_for_one_key(hub: RunningHub) -> None:
    token = await admin.add_tenant(hub.context, "acme")
    first, thief = hub.client("acme", KEY), hub.client("acme", SigningKey.generate())
    await first.register(token)
    await first.register(token)  # the answer to the first try may have been lost
    with pytest.raises(RefusedError, match="or is used"):
        await thief.register(token)
    await first.heartbeat(Heartbeat({}))
    with pytest.raises(RefusedError, match="not signed by the tenant's registered key"):
        await thief.heartbeat(Heartbeat({}))


async def test_registration_refuses_what_does_not_fit(small_hub: RunningHub) -> None:
    token = await admin.add_tenant(small_hub.context, "acme")
    await admin.add_tenant(small_hub.context, "globex")
    with pytest.raises(RefusedError, match="or is used"):
        await small_hub.client("acme", KEY).register("safety-register-guess")
    with pytest.raises(RefusedError, match="or is used"):
        await small_hub.client("globex", KEY).register(token)
    small_hub.clock.now += admin.REGISTER_SECONDS + 1
    with pytest.raises(RefusedError, match="or is used"):
        await small_hub.client("acme", KEY).register(token)


async def test_registration_proves_that_its_sender_holds_the_key(small_hub: RunningHub) -> None:
    token = await admin.add_tenant(small_hub.context, "acme")
    http, other = small_hub.http(), SigningKey.generate()
    for public, signer, status in (
        (KEY.verify_key.encode().hex(), other, 401),
        ("nonsense", KEY, 400),
        (KEY.verify_key.encode().hex(), KEY, 200),
    ):
        body = f'{{"token": "{token}", "tenant": "acme", "public": "{public}"}}'.encode()
        headers = sign_request("POST", "/v1/tenants/register", body, stamped(), signer)
        assert (await http.post("/v1/tenants/register", content=body, headers=headers)).status_code == status
    body = f'{{"token": "{token}", "tenant": "acme", "public": "{KEY.verify_key.encode().hex()}"}}'.encode()
    headers = sign_request("POST", "/v1/tenants/register", body, stamped(tenant="globex"), KEY)
    assert (await http.post("/v1/tenants/register", content=body, headers=headers)).status_code == 400


async def test_a_new_key_ends_the_old_one(small_hub: RunningHub) -> None:
    old = await small_hub.edge("acme", KEY)
    new = await small_hub.edge("acme")
    await new.heartbeat(Heartbeat({}))
    with pytest.raises(RefusedError):
        await old.heartbeat(Heartbeat({}))


async def test_a_body_over_the_limit_is_refused_before_it_is_read_whole(small_hub: RunningHub) -> None:
    await small_hub.edge("acme", KEY)
    body = b" " * (BODY_LIMIT + 1)
    headers = sign_request("POST", "/v1/usage", body, stamped(), KEY)
    try:
        answer = await small_hub.http(headers).post("/v1/usage", content=body)
    except (httpx2.WriteError, httpx2.ReadError):
        return  # the hub hung up while we were still sending, which is as good
    assert answer.status_code == 413
    assert json_of(answer)["error"]["thing"] == "request body"


async def test_people_and_tenants_have_plain_names(small_hub: RunningHub) -> None:
    for name in ("../x", "A", ""):
        with pytest.raises(Exception, match="tenant"):
            await admin.add_tenant(small_hub.context, name)
    await admin.add_tenant(small_hub.context, "acme")
    for name in ("", "a\nb", " a"):
        with pytest.raises(Exception, match="name: must be"):
            await small_hub.approver("acme", name)
    with pytest.raises(Exception, match="--public"):
        await small_hub.approver("acme", public="xyz")
    with pytest.raises(Exception, match="tenant nobody: is not there"):
        await small_hub.approver("nobody")


async def test_a_broken_database_is_an_answer_not_a_traceback(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme", KEY)
    with sqlite3.connect(small_hub.context.settings.data / "hub.db") as raw:
        raw.execute("ALTER TABLE usage RENAME TO elsewhere")
    raw.close()
    with pytest.raises(Exception, match="hub database: failed"):
        await edge.push_usage([bucket(1, 1)])
