"""Cases that are calls, results and definitions of tools of MCP. A call is put to the edge as whoever hosts an agent
does (`/v1/decide`); results and definitions come from a real MCP server, by the edge's own adapter."""

from __future__ import annotations

import json
import secrets
from typing import Any

from bench.agent_egress import mcp_program
from bench.agent_egress.case import Case
from bench.agent_egress.site import ANSWER, Tried
from bench.agent_egress.verdict import ALLOW, BLOCK, ERROR, Verdict

_ANSWER = mcp_program.tool("answer")


def played(case: Case, tried: Tried) -> Verdict:
    """Return what becomes of a case: of several messages, the first that is blocked counts."""
    session, definitions = f"s-{secrets.token_hex(4)}", []
    last = Verdict(ERROR, "it holds no message that means anything to a gateway")
    for message in case.messages:
        result = message.get("result")
        if isinstance(result, dict) and isinstance(result.get("tools"), list):
            definitions.append(result["tools"])
            last = _defined(definitions, tried)
        elif isinstance(result, dict):
            last = _came_back(result, tried)
        elif isinstance(message.get("method"), str) and message["method"] not in {"initialize", "tools/list"}:
            last = _called(message, session, tried)
        if last.actual != ALLOW:
            break
    return last


def _called(message: dict[str, Any], session: str, tried: Tried) -> Verdict:
    params = message.get("params")
    params = params if isinstance(params, dict) else {}
    tool, arguments = params.get("name") or message["method"], params.get("arguments")
    call = {
        "id": secrets.token_hex(4),
        "tool": str(tool),
        "params": arguments
        if isinstance(arguments, dict)
        else params
        if arguments is None
        else {"arguments": arguments},
        "agent": "main",
        "session": session,
    }
    if message["method"] != "tools/call":
        call |= {"tool": message["method"].replace("/", "_"), "params": params}
    answer = tried.edge.client.post("/v1/decide", json={"call": call, "wait": 0})
    told = answer.json()
    if answer.status_code != 200:
        return Verdict(BLOCK if answer.status_code in {400, 403} else ERROR, str(told)[:300], evidence=json.dumps(told))
    why = f"{told['level']} {told['rule']}: {told['reason']}"
    if told["decision"] == "allow":
        return Verdict(ALLOW, why)
    return Verdict(BLOCK, why, asked=told["decision"] == "pending", evidence=json.dumps(told))


def _defined(definitions: list[list[Any]], tried: Tried) -> Verdict:
    """Have the definitions pinned, as an operator does; a later list is what the server has become since."""
    mcp_program.say(tried.folder, definitions[-1])
    if len(definitions) == 1:
        status, output = tried.safety("connection", "pin", mcp_program.NAME, "--yes")
    else:
        names = [str(tool.get("name")) for tool in definitions[-1] if isinstance(tool, dict)]
        for name in names:
            params: dict[str, Any] = {"tool": f"{mcp_program.NAME}.{name}", "params": {}}
            call = {"id": secrets.token_hex(4), "agent": "main", "session": "s", **params}
            told = tried.edge.ask("/v1/run", {"call": call, "wait": 0})
            if told["status"] != "executed":
                return Verdict(BLOCK, str(told["reason"]), asked=told["status"] == "pending", evidence=json.dumps(told))
        return Verdict(ALLOW)
    if status == 0 and " pinned; agents call them" in output and "left out:" not in output:
        return Verdict(ALLOW)
    why = "; ".join(line.strip() for line in output.splitlines() if "suspicious:" in line or "left out" in line)
    record = tried.record(mcp_program.NAME, "connection")
    return Verdict(BLOCK if why else ERROR, why or output[-300:], evidence=record if "suspicious" in record else "")


def _came_back(result: dict[str, Any], tried: Tried) -> Verdict:
    """Have a tool of a connected server give this result, and look at what the agent gets of it."""
    if not isinstance(result.get("content"), list):
        result = {"content": [{"type": "text", "text": json.dumps(result, ensure_ascii=False)}]}
    mcp_program.say(tried.folder, [_ANSWER], result)
    tried.safety("connection", "pin", mcp_program.NAME, "--yes")
    call = {"id": secrets.token_hex(4), "tool": ANSWER, "params": {"question": "q"}, "agent": "main", "session": "s"}
    told = tried.edge.ask("/v1/run", {"call": call, "wait": 0})
    if told["status"] != "executed":
        return Verdict(BLOCK, str(told["reason"]), asked=told["status"] == "pending", evidence=json.dumps(told))
    if told.get("withheld"):
        return Verdict(BLOCK, str(told["output"])[:300], evidence=json.dumps(told))
    if told["findings"]:
        return Verdict(BLOCK, f"{told['findings']} secrets taken out", evidence=json.dumps(told))
    return Verdict(ALLOW)
