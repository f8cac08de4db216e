"""The document and the routes are one: neither has what the other lacks."""

from __future__ import annotations

import json
import re

from click.testing import CliRunner

from proxy.command import edge
from proxy.control import routes
from proxy.control.openapi.document import document
from proxy.control.openapi.shapes import SCHEMAS
from proxy.control.openapi.table import OPERATIONS


def test_every_route_is_in_it_and_the_other_way_round() -> None:
    assert set(OPERATIONS) == {(method, path) for method, path, _ in routes.ROUTES}
    assert {path for (_, path), found in OPERATIONS.items() if found.local} == routes.LOCAL


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    used = set(re.findall(r'"#/components/schemas/([A-Za-z]+)"', document().decode()))
    assert used == set(SCHEMAS)


def test_a_command_prints_it_and_needs_no_settings() -> None:
    told = CliRunner().invoke(edge, ["--openapi"], env={"SAFETY_EDGE_CONFIG": ""})
    assert (told.exit_code, json.loads(told.output)) == (0, json.loads(document()))
