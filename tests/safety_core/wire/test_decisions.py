"""Decisions on their way to and from a chat: read whole, or refused by the field."""

from __future__ import annotations

import json

import pytest

from safety_core.errors import InputError
from safety_core.model.approval import Asker
from safety_core.wire.decisions import MANY, Button, Poll, button_from, poll_from

ID = "ab" * 16
TOLD = {"id": ID, "session": "s1"}


def test_a_poll_is_read() -> None:
    raw = json.dumps({"agents": ["main", "shop"], "wait": 2.5, "told": [TOLD]}).encode()
    assert poll_from(raw) == Poll(("main", "shop"), 2.5, (Asker(ID, "s1"),))  # type: ignore[arg-type]
    assert poll_from(b'{"agents": []}') == Poll((), 0.0, ())


def test_a_button_is_read() -> None:
    raw = json.dumps({"request": ID, "allow": True, "channel": "telegram", "approver": "Ada (1234)"}).encode()
    assert button_from(raw) == Button(ID, True, "telegram", "Ada (1234)")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"agents": "main"}, "request.agents: must be a list of texts"),
        ({"agents": [""]}, "request.agents: has a name that is empty"),
        ({"agents": ["a\x1b[2J"]}, "request.agents: has a name that is empty, too long, or holds a control"),
        ({"agents": ["a"] * (MANY + 1)}, f"request.agents: has more than {MANY}"),
        ({"agents": [], "told": ["x"]}, r"request.told\[0\]: must be an object"),
        ({"agents": [], "told": [{**TOLD, "id": "x"}]}, r"request.told\[0\].id: must have 32"),
        ({"agents": [], "told": [{**TOLD, "more": 1}]}, r"request.told\[0\]: has a field"),
        ({"agents": [], "told": [TOLD] * (MANY + 1)}, f"request.told: has more than {MANY}"),
        ({"agents": [], "wait": -1}, "request.wait: must not be negative"),
        ({"agents": [], "more": 1}, "request: has a field that is not known"),
    ],
)
def test_no_other_poll_is(body: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        poll_from(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"request": "x"}, "request.request: must have 32"),
        ({"allow": "yes"}, "request.allow: must be true or false"),
        ({"channel": ""}, "request.channel: must not be empty"),
        ({"approver": "Ada\n"}, "request.approver: holds a control"),
        ({"more": 1}, "request: has a field that is not known"),
    ],
)
def test_no_other_button_is(change: dict[str, object], message: str) -> None:
    body = {"request": ID, "allow": True, "channel": "telegram", "approver": "Ada"}
    with pytest.raises(InputError, match=message):
        button_from(json.dumps(body | change).encode())
