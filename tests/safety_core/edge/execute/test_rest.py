"""A described service against a real one: what works, what fails, and that nothing is done twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from safety_core.canonical import Json
from safety_core.edge.execute import Limits, execute
from safety_core.errors import ExecutionError, UncertainError
from safety_core.model.connection import Connection, Operation
from safety_core.model.execution import Repeat
from safety_core.model.facts import Facts
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import HttpPlan, repeat_of
from safety_core.resolve.openapi import operations_of
from safety_core.resolve.rest import rest_plan
from safety_core.resolve.webhook import webhook_plan
from tests.simulators.certificates import Certificate, certificate
from tests.simulators.receiver import receiver
from tests.simulators.relay import relay
from tests.simulators.shop import Shop, description, shop

TOKEN = SecretName("SHOP_TOKEN")
OPERATIONS = operations_of(description("")).operations
ORDER: dict[str, Any] = {"customer": "c@example.com", "items": [{"product": "p1", "quantity": 2}]}


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with shop() as here:
        yield here


def plan(here: Shop, operation: str, *, within: float = 5.0, **arguments: Json) -> HttpPlan:
    secrets = dict.fromkeys(("token", "key", "password"), TOKEN)
    connection = Connection("shop", "rest", here.url, "till", secrets, private=True)
    return rest_plan(connection, OPERATIONS[operation], arguments, within)


async def send(here: Shop, made: HttpPlan, key: str = "", token: str = "", **limits: Any) -> ToolResult:
    return await execute(made, {TOKEN: SecretValue(token or here.token)}, Limits(**limits), key=key)


async def test_every_way_in_is_taken(running: Shop) -> None:
    for operation in ("list_products", "get_stock", "report"):
        assert (await send(running, plan(running, operation))).status == 200
    shown = running.headers[-3:]
    assert [["authorization" in each, "x-api-key" in each] for each in shown] == [
        [True, False],
        [False, True],
        [True, False],
    ]


async def test_an_order_from_beginning_to_end(running: Shop) -> None:
    order = json.loads((await send(running, plan(running, "create_order", **ORDER))).output)
    refund = await send(running, plan(running, "refund_order", order_id=order["id"], amount=300, reason="chipped"))
    assert (refund.status, running.orders[order["id"]]["refunded"]) == (201, 300)
    await send(running, plan(running, "update_order", order_id=order["id"], status="shipped"))
    found = json.loads((await send(running, plan(running, "list_orders", status="shipped"))).output)
    assert [one["id"] for one in found["orders"]] == [order["id"]]
    assert (await send(running, plan(running, "delete_order", order_id=order["id"]))).status == 200
    assert (await send(running, plan(running, "get_order", order_id=order["id"]))).status == 404


async def test_a_wrong_secret_is_the_services_answer(running: Shop) -> None:
    result = await send(running, plan(running, "list_orders"), token="not the token")
    assert (result.status, result.output) == (401, '{"error":"who are you?"}')


async def test_a_long_answer_is_cut(running: Shop) -> None:
    running.faults.append("huge")
    result = await send(running, plan(running, "list_orders"), output=1000)
    assert (len(result.output), result.truncated) == (1000, True)


@pytest.mark.parametrize(("fault", "seconds"), [("cut", 5.0), ("silent", 0.5)])
async def test_what_only_reads_has_not_come_about(running: Shop, fault: str, seconds: float) -> None:
    running.faults.append(fault)
    with pytest.raises(ExecutionError, match="connection shop: did not") as caught:
        await send(running, plan(running, "list_orders", within=seconds))
    assert not isinstance(caught.value, UncertainError)


@pytest.mark.parametrize(("fault", "seconds"), [("cut", 5.0), ("silent", 0.5), ("gateway", 5.0)])
async def test_what_writes_is_uncertain_and_the_same_key_does_it_once(
    running: Shop, fault: str, seconds: float
) -> None:
    before = len(running.orders)
    running.faults.append(fault)
    made = plan(running, "create_order", within=seconds, **ORDER)
    with pytest.raises(UncertainError, match=r"connection shop: (did not|was cut off).*look whether it happened"):
        await send(running, made, key=f"order-{fault}")
    assert len(running.orders) == before + 1
    assert repeat_of(made, Facts("shop.create_order", "main"), {}) is Repeat.KEYED
    again = await send(running, plan(running, "create_order", **ORDER), key=f"order-{fault}")
    assert (again.status, len(running.orders)) == (201, before + 1)


async def test_a_service_that_is_busy_has_done_nothing(running: Shop) -> None:
    before = len(running.orders)
    running.faults.append("busy")
    with pytest.raises(ExecutionError, match=r"connection shop: takes nothing now \(status 503\)") as caught:
        await send(running, plan(running, "create_order", **ORDER), key="busy")
    assert not isinstance(caught.value, UncertainError)
    assert len(running.orders) == before
    assert (await send(running, plan(running, "create_order", **ORDER), key="busy")).status == 201


async def test_what_was_never_sent_is_no_more_than_a_failure() -> None:
    with shop() as gone:
        made = plan(gone, "create_order", **ORDER)
    with pytest.raises(ExecutionError, match="connection shop: did not come about") as caught:
        await send(gone, made)
    assert not isinstance(caught.value, UncertainError)


async def test_a_service_near_by_must_be_meant_to_be(running: Shop) -> None:
    connection = Connection("shop", "rest", running.url.replace("http:", "https:"), secrets={"token": TOKEN})
    made = rest_plan(connection, OPERATIONS["list_orders"], {}, 5.0)
    with pytest.raises(ExecutionError, match=r"leads to this machine or its network.*private = true"):
        await send(running, made)


async def test_a_webhook_is_delivered_signed_and_known_again() -> None:
    secret = SecretName("ERP")
    async with receiver() as here:
        connection = Connection("erp", "webhook", here.url + "/in", secrets={"secret": secret}, private=True)
        made = webhook_plan(connection, {"event": "order.shipped", "payload": {"order": "o1"}}, 5.0)
        for _ in range(2):
            await execute(made, {secret: SecretValue("plainly invented")}, key="e1")
        await execute(made, {secret: SecretValue("plainly invented")}, key="e2")
    assert [each.json for each in here.received] == [{"type": "order.shipped", "data": {"order": "o1"}}] * 3
    names = [each.headers["webhook-id"] for each in here.received]
    assert names[0] == names[1] != names[2]
    assert all(each.headers["webhook-signature"].startswith("v1,") for each in here.received)


@pytest.mark.parametrize(
    "how", [{}, {"passed": True}, {"passed": True, "hold": True}], ids=["cut", "answer lost", "silent"]
)
async def test_a_webhook_that_was_cut_off_is_uncertain_and_is_sent_again_under_its_name(how: dict[str, bool]) -> None:
    secret = {TOKEN: SecretValue("plainly invented")}
    async with receiver() as here:
        port = int(here.url.rpartition(":")[2])
        with relay(port, at=b'"order.shipped"', **how) as line:
            target = f"http://127.0.0.1:{line.port}/in"
            erp = Connection("erp", "webhook", target, secrets={"secret": TOKEN}, private=True)
            made = webhook_plan(erp, {"event": "order.shipped"}, 1.0)
            with pytest.raises(UncertainError, match="connection erp: did not"):
                await execute(made, secret, key="e1")
        again = webhook_plan(replace(erp, target=here.url + "/in"), {"event": "order.shipped"}, 5.0)
        await execute(again, secret, key="e1")
    assert len({each.headers["webhook-id"] for each in here.received}) == 1
    assert len(here.received) == 1 + ("passed" in how)


def bare(connection: Connection) -> HttpPlan:
    return rest_plan(connection, Operation("look", detail={"path": "/"}), {}, 5.0)


@asynccontextmanager
async def tls_server(own: Certificate) -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "localhost", 0, ssl=own.context())
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_certificate_is_checked_and_an_authority_of_ones_own_may_be_named(tmp_path: Path) -> None:
    own = certificate(tmp_path)
    async with tls_server(own) as port:
        connection = Connection("shop", "rest", f"https://localhost:{port}", private=True)
        with pytest.raises(ExecutionError, match="its certificate is not to be trusted: self-signed certificate"):
            await execute(bare(connection), {})
        known = replace(connection, options={"ca": str(own.chain)})
        assert (await execute(bare(known), {})).output == "ok"
        odd = replace(connection, options={"ca": str(tmp_path / "gone.pem")})
        with pytest.raises(ExecutionError, match="option ca that is not the path of a PEM"):
            await execute(bare(odd), {})
