"""One call of one tool of an MCP server.

1. The server is started or reached, with the connection's secrets, and says which tools it has.
2. The tool's definition is the one that was pinned, or the call ends here.
3. The tool is called. What is cut off from here on is uncertain: nobody knows what it did.
"""

from __future__ import annotations

import asyncio
import json
from typing import Final

from mcp import ClientSession
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND, CallToolRequest, CallToolRequestParams, CallToolResult

from safety_core.canonical import JsonObject
from safety_core.edge.adapters.mcp.results import result_of
from safety_core.edge.adapters.mcp.session import Progress, session_with, tools_of
from safety_core.edge.adapters.request import CHECK, Request
from safety_core.errors import ExecutionError, InputError
from safety_core.model.tool_call import ToolResult
from safety_core.resolve.mcp_tools import fingerprint_of

LIST: Final = "list"
"""The operation that says, as a JSON list, which tools there are. As with `check`, no call of an agent can ask for it:
what an agent calls is a tool that was pinned."""

LEAVING: Final = 0.9
"""The part of the time that the server has; the rest is for ending it."""

NOT_DONE: Final = frozenset({INVALID_PARAMS, METHOD_NOT_FOUND})
"""Codes of JSON-RPC with which a server says that it has not begun."""


async def serve(request: Request) -> ToolResult:
    """Carry out one operation.

    Raises:
        ExecutionError: it did not come about, or nobody knows whether it did.
    """
    progress = Progress()
    try:
        async with asyncio.timeout(request.timeout * LEAVING), session_with(request, progress) as session:
            return await _served(session, request, progress)
    except BaseException as error:  # noqa: BLE001 - the SDK raises groups, of whatever its transport met
        raise _failure(_innermost(error), request, progress) from None


async def _served(session: ClientSession, request: Request, progress: Progress) -> ToolResult:
    tools = await tools_of(session, request)
    pinned = request.connection.operations.get(request.operation)
    if pinned is None and request.operation == CHECK:
        return ToolResult(f"{_server(session)}, {len(tools)} tools")
    if pinned is None and request.operation == LIST:
        return ToolResult(json.dumps(tools))
    if pinned is None:
        raise request.refusal(f"has no tool {request.operation} that was pinned", _again(request))
    tool = next((tool for tool in tools if tool.get("name") == request.operation), None)
    if tool is None or _fingerprint(tool) != pinned.fingerprint:
        how = "is gone" if tool is None else "has another definition"
        raise request.refusal(f"changed since it was pinned: the tool {request.operation} {how}", _again(request))
    arguments = request.filled(request.arguments)
    params = CallToolRequestParams(name=request.operation, arguments=arguments if isinstance(arguments, dict) else {})
    progress.sent = True
    return result_of(await session.send_request(CallToolRequest(params=params), CallToolResult))


def _server(session: ClientSession) -> str:
    info = session.server_info
    return f"{info.name} {info.version}".strip()[:100] if info else "an MCP server"


def _again(request: Request) -> str:
    return f"look at what it says now, and pin it: safety connection pin {request.connection.name}"


def _fingerprint(tool: JsonObject) -> str:
    try:
        return fingerprint_of(tool)
    except InputError:
        return ""


def _innermost(error: BaseException) -> BaseException:
    """Return what went wrong first, out of groups of what followed."""
    while isinstance(error, BaseExceptionGroup):
        ours = [one for one in error.exceptions if isinstance(one, ExecutionError)]
        error = (ours or error.exceptions)[0]
    return error


def _failure(error: BaseException, request: Request, progress: Progress) -> BaseException:
    """Return what a call that did not end as it should comes to. What a library says is not told."""
    refused = progress.transport.refused if progress.transport else 0
    if isinstance(error, ExecutionError | asyncio.CancelledError | KeyboardInterrupt):
        return error
    if refused:
        return request.refusal(f"refused the secret in its slot token ({refused})", "keep the right one in the vault")
    if isinstance(error, MCPError) and error.code in NOT_DONE:
        return request.refusal(f"does not take this call ({error.code})", "check the arguments")
    if isinstance(error, TimeoutError):
        reason = f"did not answer in {request.timeout:g} seconds"
    else:
        reason = f"was cut off in the middle ({type(error).__name__})"
    if progress.sent:
        return request.uncertain(reason)
    if not isinstance(error, TimeoutError) and not request.connection.target.startswith(("http://", "https://")):
        fix = "start its target by hand and see what it says; what it reads or writes, name as readable or writable"
        return request.refusal(f"has a program that ended, or does not speak MCP ({type(error).__name__})", fix)
    return request.refusal(reason, f"try it alone: safety connection check {request.connection.name}")
