"""One server of calendars for all tests of a worker, empty at the start of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from safety_core.canonical import JsonObject
from safety_core.edge.adapters.calendar import serve
from safety_core.edge.adapters.child import run_service
from safety_core.edge.adapters.request import Request
from safety_core.edge.execute.limits import Limits
from safety_core.model.connection import Connection
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import ServicePlan
from tests.simulators.dav_house import DavHouse, dav_house

PASSWORD = SecretName("diary")

OPERATIONS = {
    "calendar_add": "add",
    "calendar_change": "change",
    "calendar_remove": "remove",
    "calendar_restore": "restore",
    "contacts_add": "add_contact",
    "contacts_change": "change_contact",
    "contacts_remove": "remove_contact",
    "contacts_restore": "restore_contact",
}
"""By tool, as policies/catalogue/service_calendar.yaml has it."""


@dataclass
class Diary:
    """Carries out operations on the server's calendars and address books."""

    house: DavHouse
    keys: int = 0
    options: JsonObject = field(default_factory=dict)
    target: str = ""
    password: str = ""
    private: bool = True

    def request(self, operation: str, *, key: str = "", again: bool = False, **arguments: Any) -> Request:
        self.keys += 1
        seconds = float(arguments.pop("timeout", 20.0))
        arguments = {{"from_": "from"}.get(name, name): value for name, value in arguments.items()}
        options: JsonObject = {
            "ca": str(self.house.trusted.chain),
            "from": "anna@shop.test",
            "timezone": "Europe/Berlin",
        }
        connection = Connection(
            "diary",
            "calendar",
            self.target or f"https://localhost:{self.house.port}/",
            "anna",
            {"password": PASSWORD},
            self.private,
            {**options, **self.options},
        )
        values = {PASSWORD: SecretValue(self.password or self.house.password)}
        key = key or f"key {self.keys}"
        return Request(connection, operation, arguments, values, key, again, 1 << 20, seconds)

    async def run(self, operation: str, **arguments: Any) -> ToolResult:
        """Carry it out in this process."""
        return await serve(self.request(operation, **arguments))

    async def do(self, operation: str, **arguments: Any) -> Any:
        return json.loads((await self.run(operation, **arguments)).output)

    async def child(self, operation: str, **arguments: Any) -> ToolResult:
        """Carry it out in a child, as the edge does."""
        request = self.request(operation, **arguments)
        plan = ServicePlan("calendar", request.connection, operation, request.arguments, (PASSWORD,), request.timeout)
        return await run_service(plan, request.values, Limits(), request.key, again=request.again)

    async def undone(self, result: ToolResult, **more: Any) -> ToolResult:
        """Make the call that takes a result back."""
        assert result.undo is not None
        arguments = {**result.undo.params, **more}
        assert arguments.pop("connection") == "diary"
        return await self.run(OPERATIONS[result.undo.tool], **arguments)


@pytest.fixture(scope="session")
def _house() -> Iterator[DavHouse]:
    with dav_house() as made:
        yield made


@pytest.fixture
def diary(_house: DavHouse) -> Diary:
    _house.empty()
    return Diary(_house)
