"""What agents are told of connected services, and how a runtime has their tools run; over a real socket."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from proxy.control.tools import tools_json
from safety_core.canonical import JsonObject
from safety_core.model.connection import Connection, Operation
from safety_core.model.tool_call import AgentId
from tests.proxy.control.setting import Setting, bundle, call, control

AGENTS = """
default_tier: trusted
agents:
  main: {tier: autonomous}
  baker: {tier: trusted, connections: []}
  reader: {tier: trusted, tools: [services, service_call, sql_query]}
"""


@pytest.fixture
async def here(short_path: Path) -> AsyncGenerator[Setting, None]:
    (short_path / "workspace").mkdir()
    shop = short_path / "workspace/shop.db"
    with closing(sqlite3.connect(shop)) as db:
        db.executescript("create table orders (id integer, cake text); insert into orders values (7, 'plum')")
    connections = {
        "shop_db": {"adapter": "sql", "target": f"sqlite://{shop}", "private": True},
        "old_db": {"adapter": "sql", "target": f"sqlite://{shop}", "private": True},
    }
    environ = {"SAFETY_EDGE_CONNECTIONS": json.dumps(connections)}
    async with control(short_path, bundle(AGENTS), environ) as setting:
        yield setting


async def decided(here: Setting, tool: str, arguments: JsonObject) -> Any:
    wish = {**call("service_call"), "params": {"tool": tool, "arguments": arguments}}
    return await here.ask("/v1/decide", {"call": wish, "wait": 0})


async def test_an_agent_is_told_what_its_manifest_lets_it_use(here: Setting) -> None:
    told = await here.ask("/v1/tools", {"agent": "main"})
    assert [found["name"] for found in told["connections"]] == ["old_db", "shop_db"]
    assert told["connections"][0]["words"] == "a database"
    tools = {found["tool"]: found for found in told["tools"]}
    query = tools["sql_query"]
    assert query["connections"] == ["old_db", "shop_db"]
    assert query["words"]
    assert query["parameters"]["properties"]["connection"] == {"type": "string", "enum": ["old_db", "shop_db"]}
    assert {"query", "connection"} <= {*query["parameters"]["required"]}
    assert await here.ask("/v1/tools", {"agent": "baker"}) == {"connections": [], "tools": []}
    reader = await here.ask("/v1/tools", {"agent": "reader"})
    assert [found["tool"] for found in reader["tools"]] == ["sql_query"]


async def test_a_runtime_has_a_connected_service_used_by_a_ticket(here: Setting) -> None:
    arguments: JsonObject = {"connection": "shop_db", "query": "select cake from orders"}
    told = await decided(here, "sql_query", arguments)
    assert told["decision"] == "allow", told
    ran = await here.redeem(told["ticket"])
    assert (ran["status"], ran["exit"]) == ("executed", 0), ran
    assert "plum" in ran["output"]
    assert [entry["event"] for entry in await here.log()] == ["proposed", "permitted", "executed"]
    other = await decided(here, "exec", {"command": "ls"})
    assert (other["decision"], "ticket" in other) == ("block", False)


def test_a_tool_that_a_service_describes_itself_is_told_as_it_was_pinned() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
    crm = Connection("crm", "mcp", "https://crm.example/mcp", operations={"find": Operation("find", "Finds.", schema)})
    lone = Connection("shop_db", "sql", "sqlite:///srv/shop.db")
    told = tools_json(bundle().policy, AgentId("main"), {"crm": crm, "shop_db": lone})
    tools = {str(found["tool"]): found for found in told["tools"] if isinstance(found, dict)}  # type: ignore[union-attr]
    assert tools["crm.find"] == {"tool": "crm.find", "words": "Finds.", "connections": ["crm"], "parameters": schema}
    assert "connection" not in json.dumps(tools["sql_query"]["parameters"]["required"])  # type: ignore[index,call-overload]
