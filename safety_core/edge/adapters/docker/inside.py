"""A command in a container that runs. The engine has no way to end one: it says so where the time is over."""

from __future__ import annotations

import http.client
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.edge.adapters.docker import arguments
from safety_core.edge.adapters.docker.engine import Answer, Engine, part
from safety_core.edge.adapters.docker.streams import said
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult

RUNS_ON: Final = "not over yet: the command runs on in the container"
"""Stands behind the output of a command that said more than there is room for."""


def executed(engine: Engine) -> ToolResult:
    """Run a command in a container; return what it said, and its exit status."""
    request = engine.request
    if request.again:
        raise request.uncertain("may have run the command in an earlier try")
    name, words = arguments.name_of(request, "container"), arguments.command(request)
    if words is None:
        raise ExecutionError("argument command", "is missing")
    body: JsonObject = {
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": False,
        "Privileged": False,
        "Cmd": [*words],
        "Env": [*arguments.environment(request)],
        "WorkingDir": arguments.text(request, "workdir"),
        "User": arguments.text(request, "user"),
    }
    number = str(engine.ask("POST", f"/containers/{part(name)}/exec", body=body).object["Id"])
    output, more = _spoken(engine, number)
    found = engine.ask("GET", f"/exec/{part(number)}/json").object
    status = found.get("ExitCode")
    if found.get("Running") or not isinstance(status, int):
        return ToolResult(f"{output}\n{RUNS_ON}", -1, more)
    return ToolResult(output, status, more)


def _spoken(engine: Engine, number: str) -> tuple[str, bool]:
    engine.acted = True
    with engine.opened("POST", f"/exec/{part(number)}/start", body={"Detach": False, "Tty": False}) as response:
        if response.status >= 300:
            engine.acted = False
            raise engine.refused(Answer(response.status, None))
        try:
            return said(response, engine.request.output, plain=False)
        except TimeoutError:
            reason = f"runs the command for longer than {engine.request.timeout:g} seconds; it may run on"
            raise engine.request.uncertain(reason) from None
        except (OSError, http.client.HTTPException):
            raise engine.request.uncertain("was cut off while the command ran") from None
