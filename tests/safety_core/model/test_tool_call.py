"""Tool calls as values."""

from __future__ import annotations

import pytest

from safety_core.canonical import Json
from safety_core.model.tool_call import ProposedCall


@pytest.mark.parametrize(
    ("arguments", "params"),
    [({"path": "menu"}, {"path": "menu"}), ({}, {}), ([1], None), ('{"cut', None), (None, None)],
)
def test_a_tool_is_run_with_an_object_alone(arguments: Json, params: Json) -> None:
    assert ProposedCall("call_1", "read", arguments).params == params
