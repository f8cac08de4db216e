"""The document and the routes are one: neither has what the other lacks."""

from __future__ import annotations

import json
import re

from click.testing import CliRunner

from hub import app, events
from hub.command.main import hub
from hub.openapi.document import document
from hub.openapi.shapes import SCHEMAS
from hub.openapi.table import OPERATIONS
from tests.simulators.hub import RunningHub, json_of


def test_every_route_of_the_api_is_in_it_and_the_other_way_round() -> None:
    served = {(method, path.replace(":path", "")) for method, path, _ in app.ROUTES if path.startswith("/v1/")}
    assert set(OPERATIONS) == served | {("GET", events.PATH)}


def test_pages_for_people_are_not_in_it() -> None:
    assert all(path.startswith("/v1/") for path in json.loads(document())["paths"])


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    used = set(re.findall(r'"#/components/schemas/([A-Za-z]+)"', document().decode()))
    assert used == set(SCHEMAS)


async def test_anybody_may_read_it(small_hub: RunningHub) -> None:
    answer = await small_hub.http().get("/v1/openapi.json")
    assert (answer.status_code, json_of(answer)) == (200, json.loads(document()))


def test_a_command_prints_it_and_needs_no_hub() -> None:
    told = CliRunner().invoke(hub, ["openapi"])
    assert (told.exit_code, json.loads(told.output)) == (0, json.loads(document()))
