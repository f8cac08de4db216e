"""Calls of connected services: by what the catalogue lists, and by what the services describe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety_core.canonical import Json, JsonObject
from safety_core.errors import ExecutionError
from safety_core.model.connection import Connection, Operation
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.resolve import HttpPlan, Plan, ServicePlan, plan_of

CATALOGUE: JsonObject = {
    "adapters": {"sql": {}, "webhook": {}, "mcp": {}},
    "tools": {
        "sql_query": {
            "adapter": "sql",
            "operation": "query",
            "parameters": {"required": ["query"], "properties": {"query": {"type": "string"}}},
        },
        "webhook_send": {"adapter": "webhook", "parameters": {"properties": {"event": {}, "payload": {}}}},
        "notes.add": {"volatile": ["title"]},
        "message": {"adapter": "none"},
    },
}
S, T = SecretName("S"), SecretName("T")
DB = Connection("db", "sql", "postgresql://db.example/shop", secrets={"password": S})
ERP = Connection("erp", "webhook", "https://erp.example", secrets={"secret": S})
ADD = Operation("add", parameters={"properties": {"text": {"type": "string"}}})
NOTES = Connection("notes", "mcp", "notes-server", secrets={"K": S}, operations={"add": ADD})
SHOP = Connection("shop", "rest", "https://shop.example", operations={"list": Operation("list", detail={"path": "/l"})})
ALL = (DB, ERP, NOTES, SHOP)


def plan(tool: str, *connections: Connection, **params: Json) -> Plan:
    call = ToolCall(CallId("1"), TenantId("t"), AgentId("a"), SessionId("s"), tool, params)
    by_name = {each.name: each for each in connections or ALL}
    return plan_of(call, tool, CATALOGUE, "/srv/space", connections=by_name)


def test_a_listed_tool_is_an_operation_of_its_connection() -> None:
    expected = ServicePlan("sql", DB, "query", {"query": "SECRET_REF(T)"}, (T, S), 60.0, "/srv/space")
    assert plan("sql_query", query="SECRET_REF(T)") == expected
    assert plan("sql_query", query="SECRET_REF(T)", connection="db", timeout=5) == replace(expected, timeout=5.0)


def test_which_connection_is_meant_must_be_plain() -> None:
    other = replace(DB, name="other")
    with pytest.raises(ExecutionError, match="must be text"):
        plan("sql_query", DB, other, query="x")
    assert isinstance(plan("sql_query", DB, other, query="x", connection="other"), ServicePlan)
    with pytest.raises(ExecutionError, match="kind sql: db, other"):
        plan("sql_query", DB, other, ERP, query="x", connection="erp")
    with pytest.raises(ExecutionError, match="none is set up"):
        plan("sql_query", ERP, query="x")


def test_arguments_are_those_that_the_catalogue_knows() -> None:
    with pytest.raises(ExecutionError, match="leave out more; it takes connection, query"):
        plan("sql_query", query="x", more=1)
    with pytest.raises(ExecutionError, match="argument query of tool sql_query: must be string"):
        plan("sql_query", query=1)


def test_what_nobody_runs_is_refused() -> None:
    for tool in ("message", "unheard_of", "notes.gone", "gone.add"):
        with pytest.raises(ExecutionError, match="not one that the edge runs"):
            plan(tool)
    with pytest.raises(ExecutionError, match=r"connect the service named before the dot, and pin"):
        plan("gone.add")


def test_a_webhook_is_a_request() -> None:
    found = plan("webhook_send", event="x")
    assert isinstance(found, HttpPlan)
    assert (found.url, found.body) == ("https://erp.example", '{"data":{},"type":"x"}')


def test_a_described_tool_is_called_by_its_name() -> None:
    expected = ServicePlan("mcp", NOTES, "add", {"text": "SECRET_REF(T)"}, (T, S), 60.0, "/srv/space")
    assert plan("notes.add", text="SECRET_REF(T)", title="a note") == expected
    with pytest.raises(ExecutionError, match=r"argument text of tool notes.add"):
        plan("notes.add", text=1)
    inside = ToolCall(CallId("1"), TenantId("t"), AgentId("a"), SessionId("s"), "tool_call", {"text": "x"})
    with pytest.raises(ExecutionError, match="not one that the edge runs"):
        plan_of(inside, "notes.add", CATALOGUE, "/srv/space", connections={"notes": NOTES})
    found = plan("shop.list")
    assert isinstance(found, HttpPlan)
    assert found.url == "https://shop.example/l"


@pytest.mark.parametrize(("said", "seconds"), [(7, 7.0), (0.5, 0.5), (0, 60.0), (True, 60.0), ("5", 60.0), (1e9, 60.0)])
def test_a_connection_may_say_how_long_its_operations_take(said: Json, seconds: float) -> None:
    found = plan("notes.add", replace(NOTES, options={"timeout": said}))
    assert isinstance(found, ServicePlan)
    assert found.timeout == seconds
