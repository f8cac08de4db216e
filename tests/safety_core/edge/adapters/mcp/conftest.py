"""One real MCP server, reached both ways: as a program, and over HTTP."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from safety_core.edge.adapters.child import run_service
from safety_core.edge.adapters.mcp import serve
from safety_core.edge.adapters.request import Request
from safety_core.edge.execute.limits import Limits
from safety_core.model.connection import Connection, Operation
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import ServicePlan
from safety_core.resolve.mcp_tools import operation_of
from tests.simulators import mcp_server
from tests.simulators.mcp_server import mcp_over_http

SECRET = SecretName("NOTES_KEY")
PROGRAM = Path(mcp_server.__file__)


@dataclass
class Notes:
    """A server, and calls of its tools. `acts`: what its tools did."""

    folder: Path
    connection: Connection
    secret: str
    seconds: float = 50.0
    operations: dict[str, Operation] = field(default_factory=dict)

    @property
    def acts(self) -> list[str]:
        path = self.folder / "acts"
        return path.read_text().split() if path.exists() else []

    async def pinned(self) -> Connection:
        """Return the connection with what the server says of its tools now, asked once."""
        if not self.operations:
            tools = json.loads((await self.call("list", pinned=False)).output)
            self.operations.update((each.name, each) for each in map(operation_of, tools))
        return replace(self.connection, operations=self.operations)

    async def call(self, tool: str, *, pinned: bool = True, secret: str = "", **arguments: Any) -> ToolResult:
        """Call a tool in this process."""
        connection = await self.pinned() if pinned else self.connection
        values = {SECRET: SecretValue(secret or self.secret)}
        return await serve(Request(connection, tool, arguments, values, "k", False, 1 << 20, self.seconds))

    async def in_child(
        self, tool: str, *, seconds: float = 50.0, output: int = 1 << 20, **arguments: Any
    ) -> ToolResult:
        """Call a tool as the edge does."""
        plan = ServicePlan("mcp", await self.pinned(), tool, arguments, (SECRET,), seconds)
        return await run_service(plan, {SECRET: SecretValue(self.secret)}, Limits(output=output), "k")


@pytest.fixture(scope="module")
def operations() -> dict[str, Operation]:
    """What the program says of its tools, asked once."""
    return {}


@pytest.fixture
def program(tmp_path: Path, operations: dict[str, Operation]) -> Notes:
    target = f"{sys.executable} {PROGRAM} {tmp_path}"
    paths = {"readable": [str(PROGRAM.parent)], "writable": [str(tmp_path)]}
    connection = Connection("notes", "mcp", target, secrets={"NOTES_KEY": SECRET}, options=paths)  # type: ignore[arg-type]
    return Notes(tmp_path, connection, "plainly-invented-key", operations=operations)


@pytest.fixture(scope="module")
def at_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notes]:
    folder = tmp_path_factory.mktemp("notes")
    with mcp_over_http(folder) as here:
        connection = Connection("notes", "mcp", here.url, secrets={"token": SECRET}, private=True)
        yield Notes(folder, connection, here.token)


@pytest.fixture(params=["program", "at_url"])
def notes(request: pytest.FixtureRequest) -> Notes:
    found: Notes = request.getfixturevalue(request.param)
    found.seconds = 50.0
    (found.folder / "acts").unlink(missing_ok=True)
    return found
