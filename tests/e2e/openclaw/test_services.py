"""Connected services in an agent's work: it sees what is connected for it, and the edge does what it asks for."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from tests.e2e.openclaw.world import APIS, Told, World


def service(world: World, inside: str, /, *, agent: str = "main", **arguments: object) -> Told:
    """Let the agent's model use a connected service."""
    return world.call("service_call", agent=agent, **{"tool": inside, "arguments": arguments})


def test_an_agent_sees_the_services_that_its_manifest_lets_it_use(world: World) -> None:
    told = json.loads(world.call("services").result)
    assert {found["name"] for found in told["connections"]} == {"office", "shop_db"}
    assert {"sql_query", "mail_send"} <= {found["tool"] for found in told["tools"]}
    (query,) = [
        found
        for found in json.loads(world.call("services", connection="shop_db").result)
        if found["tool"] == "sql_query"
    ]
    assert "query" in query["parameters"]["properties"]
    llama = json.loads(world.call("services", agent="llama").result)
    assert {found["name"] for found in llama["connections"]} == {"shop_db"}


@pytest.mark.parametrize("agent", APIS)
def test_the_edge_asks_the_shops_database_for_the_agent(world: World, agent: str) -> None:
    told = service(world, "sql_query", agent=agent, query="select cake from orders where id = 1042")
    assert "plum" in told.result


def test_what_changes_many_rows_is_asked_about_as_the_statement_that_it_is(world: World) -> None:
    statement = "delete from orders"
    first = service(world, "sql_execute", statement=statement)
    world.questions()
    with world.site.as_person("approver") as client:
        asked = client.get(f"/v1/approvals/{first.approval}").json()["request"]
    assert (asked["tool"], asked["params"]) == ("sql_execute", {"statement": statement})
    world.answer(first, allow=False)
    assert "Safety Gateway:" in service(world, "sql_execute", statement=statement).result
    with closing(sqlite3.connect(world.site.folder / "orders.db")) as db:
        assert db.execute("select count(*) from orders").fetchone() == (1,)


def test_mail_that_reaches_somebody_outside_is_asked_about_and_then_sent_once(world: World) -> None:
    mail = {"to": "eve@baker.example", "subject": "Order 1042", "body": "The cake is ready."}
    first = service(world, "mail_send", **mail)
    assert "yellow_external" in first.result
    assert world.house.taken == []
    world.answer(first)
    told = service(world, "mail_send", **mail)
    assert [envelope.rcpt_tos for envelope in world.house.taken] == [["eve@baker.example"]], told.result
    assert service(world, "mail_send", **mail).approval != first.approval
    assert len(world.house.taken) == 1


def test_a_call_that_the_approver_changed_is_told_as_the_agent_can_make_it(world: World) -> None:
    mail = {"to": "all@list.example", "subject": "News", "body": "Rye on Fridays."}
    first = service(world, "mail_send", **mail)
    instead = world.edit(first.approval, to="few@list.example")
    world.site.answer(instead)
    before = len(world.house.taken)
    told = service(world, "mail_send", **mail).result
    assert "Call service_call now" in told
    assert service(world, "mail_send", **{**mail, "to": "few@list.example"}).result
    assert [envelope.rcpt_tos for envelope in world.house.taken[before:]] == [["few@list.example"]]


def test_nothing_else_runs_by_way_of_a_service(world: World) -> None:
    told = service(world, "exec", command="touch by-way-of-a-service")
    assert "is of no service that is connected" in told.result
    assert not (world.workspace / "by-way-of-a-service").exists()
    left_out = service(world, "mail_send", agent="llama", to="eve@baker.example")
    assert "is of no service that is connected" in left_out.result


def test_the_mailboxs_password_is_seen_nowhere(world: World) -> None:
    assert world.house.password.encode() not in world.sent()
    assert "SECRET_REF" not in service(world, "mail_list").result
