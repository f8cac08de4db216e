"""`safety mcp`: what an MCP client is offered and told, by the protocol's own SDK and line by line."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession, StdioServerParameters, stdio_client

from safety_core.cli.mcp.offered import Offered, plain_name
from safety_core.cli.mcp.protocol import VERSIONS, Session
from safety_core.wire.reader import BODY_LIMIT
from tests.safety_core.cli.hook.scene import Answers, edge

ORDERS = {"type": "object", "properties": {"status": {"type": "string"}}}
TOOLS = {
    "connections": [],
    "tools": [
        {"tool": "shop.list_orders", "words": "looks for orders", "connections": ["shop"], "parameters": ORDERS},
        {"tool": "sql_query", "words": "asks a database", "connections": ["db"], "parameters": {}},
        {"tool": "a.b_c", "words": "", "connections": [], "parameters": {}},
        {"tool": "a_b.c", "words": "", "connections": [], "parameters": {}},
    ],
}
DONE = {"status": "executed", "output": "3 orders", "exit": 0, "level": "green", "rule": "reads", "reason": ""}
PENDING = {"status": "pending", "reason": "deletes", "approval": {"id": "a" * 32}}
REFUSED = {"status": "refused", "level": "red", "rule": "deletes", "reason": "the owner said no"}


def answers(run: Any = DONE, status: int = 200) -> Answers:
    return {"/v1/tools": (200, TOOLS), "/v1/run": (status, run)}


def spoken(lines: bytes, told: Answers, *, commands: bool = False) -> tuple[list[Any], list[tuple[str, Any]]]:
    """Return the answers to these lines, by id, and what the edge was asked."""
    out = io.StringIO()
    with edge(told) as (path, asked):
        Session(Offered(path, "desk", 5.0, commands=commands), out).listen(io.BytesIO(lines))
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    return sorted(found, key=lambda one: str(one.get("id"))), asked


def request(method: str, number: int = 1, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"


def called(run: Any, name: str = "shop_list_orders", status: int = 200, *, commands: bool = False) -> Any:
    """Return the result of one call, where this is what the edge says of it."""
    raw = request("tools/call", name=name, arguments={"status": "open"})
    [answer], _ = spoken(raw, answers(run, status), commands=commands)
    return answer["result"]


async def _through_the_sdk(path: Path) -> tuple[list[str], str, bool]:
    words = ["-EP", "-m", "safety_core.cli", "mcp", "--agent", "desk", "--commands", "--socket", str(path)]
    program = StdioServerParameters(command=sys.executable, args=words)
    async with stdio_client(program) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        tools = await session.list_tools()
        done = await session.call_tool("shop_list_orders", {"status": "open"})
        return [tool.name for tool in tools.tools], str(getattr(done.content[0], "text", "")), bool(done.is_error)


def test_the_protocols_own_client_lists_and_calls() -> None:
    with edge(answers()) as (path, asked):
        names, text, failed = asyncio.run(_through_the_sdk(path))
    assert names == ["run_command", "shop_list_orders", "sql_query"]
    assert (text, failed) == ("3 orders", False)
    body = asked[-1][1]
    assert (body["call"]["tool"], body["call"]["params"]) == ("shop.list_orders", {"status": "open"})
    assert (body["call"]["agent"], body["wait"]) == ("desk", 45.0)


def test_two_tools_of_one_name_are_not_offered() -> None:
    [answer], _ = spoken(request("tools/list"), answers())
    assert [tool["name"] for tool in answer["result"]["tools"]] == ["shop_list_orders", "sql_query"]
    assert plain_name("a.b_c") == plain_name("a_b.c")
    assert "not offered" in called(DONE, "a_b_c")["content"][0]["text"]


@pytest.mark.parametrize(
    ("run", "word"),
    [
        (PENDING, "pending approval aaaaaaaa"),
        (REFUSED, "the owner said no"),
        ({**REFUSED, "instead": {"tool": "shop.list_orders", "params": {"status": "closed"}}}, '"status": "closed"'),
        ({"status": "surely"}, "not done"),
        ({}, "not done"),
    ],
)
def test_what_was_not_done_is_said_to_the_model(run: Any, word: str) -> None:
    result = called(run)
    assert (result["isError"], word in result["content"][0]["text"]) == (True, True)


def test_an_edge_that_refuses_or_is_not_there_is_said_to_the_model() -> None:
    assert called(b"<html>", status=503)["isError"]
    out = io.StringIO()
    Session(Offered(Path("/nowhere/s"), "desk", 1.0), out).listen(io.BytesIO(request("tools/call", name="x")))
    assert "is not running" in json.loads(out.getvalue())["result"]["content"][0]["text"]


def test_commands_are_run_by_the_edge_where_they_are_offered() -> None:
    raw = request("tools/call", name="run_command", arguments={"command": "ls"})
    [refused], asked = spoken(raw, answers())
    assert (refused["result"]["isError"], [path for path, _ in asked]) == (True, ["/v1/tools"])
    [done], asked = spoken(raw, answers({**DONE, "exit": 3}), commands=True)
    assert (done["result"]["isError"], asked[-1][1]["call"]["tool"]) == (True, "exec")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{\n", -32700),
        (b'{"a": 1, "a": 2}\n', -32700),
        (b"[]\n", -32600),
        (b'{"id": 1}\n', -32600),
        (request("resources/list"), -32601),
        (b'"' + b"a" * BODY_LIMIT + b'"\n' + request("ping"), -32600),
    ],
)
def test_what_is_no_request_is_answered_with_an_error(line: bytes, code: int) -> None:
    [answer], asked = spoken(line, answers())
    assert (answer["error"]["code"], asked) == (code, [])


def test_an_edge_that_is_gone_has_no_tools_but_an_error() -> None:
    [answer], _ = spoken(request("tools/list"), {})
    assert answer["error"]["code"] == -32603


def test_notices_are_not_answered_and_calls_are_at_the_same_time() -> None:
    lines = b'{"jsonrpc": "2.0", "method": "notifications/initialized"}\n\n' + b"".join(
        request("tools/call", number, name="sql_query", arguments={"n": number}) for number in range(9)
    )
    told, asked = spoken(lines, answers())
    assert [answer["id"] for answer in told] == [*range(9)]
    assert {body["call"]["params"]["n"] for path, body in asked if path == "/v1/run"} == {*range(9)}


@pytest.mark.parametrize(("wanted", "got"), [(VERSIONS[-1], VERSIONS[-1]), ("1999-01-01", VERSIONS[0])])
def test_a_version_of_the_protocol_is_agreed_upon(wanted: str, got: str) -> None:
    [answer], _ = spoken(request("initialize", protocolVersion=wanted), answers())
    assert (answer["result"]["protocolVersion"], answer["result"]["capabilities"]) == (got, {"tools": {}})


def test_an_answer_is_written_whatever_the_locale_is() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Session(Offered(Path("/nowhere/ö"), "desk", 1.0), out).listen(io.BytesIO(request("tools/call", name="x")))
    out.seek(0)
    assert "/nowhere/ö" in json.loads(out.read())["result"]["content"][0]["text"]
