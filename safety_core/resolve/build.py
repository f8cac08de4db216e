"""The catalogue's entry of a tool and the arguments of a call -> the plan.

    tools:                              # in the catalogue; classification reads the same entry
      exec:
        adapter: exec                   # exec, file, http, or one of the section `adapters` (see `service`);
                                        # whatever else says: not run by the edge
        operation: write                # of a file tool whose name does not say it
        args: {command: script}         # what this tool calls an argument, where it is not one of `arguments.NAMES`
        volatile: [title]               # arguments that mean nothing to the adapter, and
        ignored: [pty]                  # those that classification passes over

What is left to the adapter: whether a path ends inside the workspace once its links are followed, and where a host name
leads.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from safety_core.canonical import Json, JsonObject, canonical_bytes
from safety_core.model.connection import NONE, Connections
from safety_core.model.secret import references, refs_in
from safety_core.model.tool_call import ToolCall
from safety_core.resolve.arguments import Arguments
from safety_core.resolve.plan import ArgvPlan, FilePlan, HttpPlan, Plan, ServicePlan, ShellPlan
from safety_core.resolve.service import described_plan, listed_plan

COMMAND_SECONDS: Final = 120.0
"""How long a command may run when the call does not say."""

REQUEST_SECONDS: Final = 60.0
"""The same for an HTTP request."""

VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OPERATIONS: Final = frozenset({"read", "write", "edit", "append"})


def plan_of(
    call: ToolCall,
    tool: str,
    catalogue: JsonObject,
    workspace: str,
    *,
    seconds: float = COMMAND_SECONDS,
    connections: Connections = NONE,
) -> Plan:
    """Return the plan of a permitted call.

    Args:
        tool: canonical name.
        workspace: absolute path, the base of relative paths.
        seconds: how long a command may run when the call does not say.
        connections: the services that the operator has connected.

    Raises:
        ExecutionError: the edge has no way to run this tool, or not with these arguments.
    """
    tools = catalogue.get("tools")
    entry = tools.get(tool) if isinstance(tools, dict) else None
    entry = entry if isinstance(entry, dict) else {}
    given = Arguments(call.params, tool, entry)
    plan: Plan
    match entry.get("adapter"):
        case "exec":
            plan = _exec_plan(given, workspace, seconds)
        case "file":
            plan = _file_plan(given, str(entry.get("operation", tool)), workspace)
        case "http":
            plan = _http_plan(given)
        case adapter:
            service = described_plan(given, call.tool, connections) or listed_plan(
                given, tool, entry, str(adapter), catalogue, connections
            )
            plan = replace(service, workspace=workspace) if isinstance(service, ServicePlan) else service
    given.done()
    return plan


def _exec_plan(given: Arguments, workspace: str, seconds: float) -> ShellPlan | ArgvPlan:
    command, cwd, timeout = given.take("command"), _folder(given, workspace), given.seconds(seconds)
    stdin, env = given.text("stdin", ""), given.texts_by_name("env")
    if any(not VARIABLE.fullmatch(name) or name.startswith("SAFETY_") for name, _ in env):
        raise given.error("env", "must have names of letters, digits and _, and none that begin with SAFETY_")
    rest = (stdin, *(text for _, text in env))
    if not isinstance(command, list):
        command = given.as_text("command", command)
        return ShellPlan(command, cwd, refs_in([command, *rest]), timeout, stdin, env)
    argv = tuple(given.as_text("command", word) for word in command)
    if not argv:
        raise given.error("command", "must not be empty")
    return ArgvPlan(argv, cwd, stdin, refs_in([*argv, *rest]), timeout, env)


def _folder(given: Arguments, workspace: str) -> str:
    """Return where the command runs: the workspace or a folder below it, since its paths were judged from there."""
    wanted = given.text("cwd", workspace)
    base = _parts(workspace)
    parts = _parts(wanted) if wanted.startswith("/") else (*base, *_parts(wanted))
    if parts[: len(base)] != base or ".." in parts[len(base) :] or references(wanted):
        raise given.error("cwd", "must be a folder of the workspace")
    return "/" + "/".join(parts)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part not in {"", "."})


def _file_plan(given: Arguments, operation: str, workspace: str) -> FilePlan:
    if operation not in OPERATIONS:
        raise given.error("operation", "must be one of " + ", ".join(sorted(OPERATIONS)))
    path = given.text("path")
    if references(path):
        raise given.error("path", "must not hold a secret: names of files are seen by everybody")
    content = "" if operation == "read" else given.text("content")
    old = given.text("old") if operation == "edit" else ""
    return FilePlan(operation, workspace, path, content, old, refs_in([content, old]))


def _http_plan(given: Arguments) -> HttpPlan:
    method, url = given.text("method", "GET").upper(), given.text("url")
    pairs, body = given.texts_by_name("headers"), given.take("body", "")
    if not isinstance(body, str):
        body = canonical_bytes(body).decode()
        if "content-type" not in {name.lower() for name, _ in pairs}:
            pairs += (("Content-Type", "application/json"),)
    fields: list[Json] = [url, body, *(part for pair in pairs for part in pair)]
    return HttpPlan(method, url, pairs, body, refs_in(fields), given.seconds(REQUEST_SECONDS))
