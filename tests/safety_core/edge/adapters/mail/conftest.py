"""One mail house for all tests of a worker, empty at the start of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from safety_core.canonical import JsonObject
from safety_core.edge.adapters.child import run_service
from safety_core.edge.adapters.mail import serve
from safety_core.edge.adapters.request import Request
from safety_core.edge.execute.limits import Limits
from safety_core.model.connection import Connection
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import ServicePlan
from tests.simulators.mail_house import MailHouse, mail_house

PASSWORD = SecretName("office_mail")


@dataclass
class Mail:
    """Carries out operations on the mailbox of the mail house."""

    house: MailHouse
    workspace: Path
    keys: int = 0
    options: JsonObject = field(default_factory=dict)
    target: str = ""
    user: str = "anna"
    password: str = ""

    def request(self, operation: str, *, key: str = "", again: bool = False, **arguments: Any) -> Request:
        self.keys += 1
        seconds = float(arguments.pop("timeout", 20.0))
        connection = Connection(
            "office",
            "mail",
            self.target or f"imaps://localhost:{self.house.imaps}",
            self.user,
            {"password": PASSWORD} if self.user else {},
            True,
            {
                "smtp": f"smtps://localhost:{self.house.smtps}",
                "from": "anna@shop.test",
                "ca": str(self.house.trusted.chain),
                **self.options,
            },
        )
        values = {PASSWORD: SecretValue(self.password or self.house.password)}
        return Request(
            connection, operation, arguments, values, key or f"key {self.keys}", again, 1 << 20, seconds,
            str(self.workspace),
        )  # fmt: skip

    async def run(self, operation: str, **arguments: Any) -> ToolResult:
        """Carry it out in this process."""
        return await serve(self.request(operation, **arguments))

    async def do(self, operation: str, **arguments: Any) -> Any:
        return json.loads((await self.run(operation, **arguments)).output)

    async def child(self, operation: str, limits: Limits | None = None, **arguments: Any) -> ToolResult:
        """Carry it out in a child, as the edge does."""
        request = self.request(operation, **arguments)
        plan = ServicePlan(
            "mail", request.connection, operation, request.arguments, (PASSWORD,), request.timeout, request.workspace
        )
        return await run_service(plan, request.values, limits or Limits(), request.key, again=request.again)


@pytest.fixture(scope="session")
def _house() -> Iterator[MailHouse]:
    with mail_house() as made:
        yield made


@pytest.fixture
def house(_house: MailHouse) -> MailHouse:
    _house.empty()
    return _house


@pytest.fixture
def mail(house: MailHouse, tmp_path: Path) -> Mail:
    return Mail(house, tmp_path)
