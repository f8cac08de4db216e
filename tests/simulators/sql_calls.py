"""One operation of a connected database, as the edge hands it to the child."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any

from safety_core.canonical import Json, JsonObject
from safety_core.edge.adapters.request import Request
from safety_core.edge.adapters.worker import serve
from safety_core.model.connection import Connection
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult
from tests.simulators.databases import Database

PASSWORD = SecretName("shop-password")


@dataclass(frozen=True)
class Calls:
    """Calls one database, or a relay to it (`port`)."""

    database: Database
    port: int = 0
    host: str = "localhost"
    private: bool = True
    options: tuple[tuple[str, Json], ...] = ()
    password: str = ""
    timeout: float = 20.0
    output: int = 64 * 1024
    key: str = "key-1"
    again: bool = False

    def but(self, **changes: Any) -> Calls:
        """Return the same with some changes."""
        return replace(self, **changes)

    def request(self, operation: str, values: dict[str, str] | None = None, **arguments: Json) -> Request:
        """Return the request."""
        connection = Connection(
            "shop",
            "sql",
            self.database.target(self.port, self.host),
            "agent",
            {"password": PASSWORD},
            self.private,
            dict(self.options),
        )
        secrets = {PASSWORD: SecretValue(self.password or self.database.password)}
        secrets |= {SecretName(name): SecretValue(value) for name, value in (values or {}).items()}
        how = (self.key, self.again, self.output, self.timeout)
        return Request(connection, operation, arguments, secrets, *how)

    def result(self, operation: str, values: dict[str, str] | None = None, **arguments: Json) -> ToolResult:
        """Carry it out in this process, as the child does."""
        return asyncio.run(serve(self.request(operation, values, **arguments)))

    def __call__(self, operation: str, values: dict[str, str] | None = None, **arguments: Json) -> JsonObject:
        """Carry it out; return its answer."""
        answer: JsonObject = json.loads(self.result(operation, values, **arguments).output)
        return answer

    def insert(self, text: str, **more: Json) -> JsonObject:
        """Add a note."""
        statement = f"INSERT INTO notes (text) VALUES ({self.database.mark})"
        return self("execute", statement=statement, parameters=[text], **more)
