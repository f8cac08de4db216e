"""One operation of a connected container engine, as the edge hands it to the child."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safety_core.canonical import Json
from safety_core.edge.adapters.request import Request
from safety_core.edge.adapters.worker import serve
from safety_core.model.connection import Connection
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult


@dataclass(frozen=True)
class DockerCalls:
    """Calls the engine on one socket."""

    socket: Path
    private: bool = True
    options: tuple[tuple[str, Json], ...] = ()
    timeout: float = 30.0
    output: int = 64 * 1024
    key: str = "key-1"
    again: bool = False

    def but(self, **changes: Any) -> DockerCalls:
        """Return the same with some changes."""
        return replace(self, **changes)

    def request(self, operation: str, values: dict[str, str] | None = None, **arguments: Json) -> Request:
        """Return the request."""
        connection = Connection("box", "docker", f"unix://{self.socket}", "", {}, self.private, dict(self.options))
        secrets = {SecretName(name): SecretValue(value) for name, value in (values or {}).items()}
        how = (self.key, self.again, self.output, self.timeout)
        return Request(connection, operation, arguments, secrets, *how)

    def result(self, operation: str, values: dict[str, str] | None = None, **arguments: Json) -> ToolResult:
        """Carry it out in this process, as the child does."""
        return asyncio.run(serve(self.request(operation, values, **arguments)))

    def __call__(self, operation: str, values: dict[str, str] | None = None, **arguments: Json) -> Any:
        """Carry it out; return its answer, which is JSON."""
        return json.loads(self.result(operation, values, **arguments).output)
