"""A blueprint with every sort of step, as the policy's data has it."""

from __future__ import annotations

import copy
from typing import Any

from safety_core.blueprint.parse import parse_blueprint
from safety_core.model.blueprint import Blueprint
from safety_core.wire.reader import Reader

SOURCE: dict[str, Any] = {
    "id": "late",
    "title": "Late orders",
    "words": "Tells everybody whose order is late.",
    "inputs": [
        {"name": "days", "type": "integer", "question": "Late by how many days?", "default": 3},
        {"name": "sender", "type": "email", "question": "From whom?"},
    ],
    "steps": [
        {"id": "orders", "words": "Looks for late orders", "tool": "sql_query",
         "arguments": {"query": "SELECT 1", "parameters": ["{{inputs.days}}"]},
         "expect": {"value": "{{steps.orders.output.rows}}", "over": 0, "words": "there are none"}},
        {"id": "note", "words": "Writes them down", "tool": "write",
         "arguments": {"path": "late-{{run.date}}.txt", "content": "{{inputs.days}} days, from {{inputs.sender}}"},
         "compensate": {"tool": "write", "arguments": {"path": "late-{{run.date}}.txt", "content": "gone"}}},
        {"id": "tell", "words": "Tells each", "tool": "mail_send",
         "for_each": "{{steps.orders.output.rows}}", "most": 2,
         "arguments": {"to": "{{item.email}}", "subject": "Order {{item.id}}"}, "compensate": "undo"},
        {"id": "big", "words": "Tells the boss", "tool": "mail_send",
         "when": {"value": "{{steps.orders.output.rows}}", "over": 1},
         "arguments": {"to": "boss@example.com", "subject": "many", "body": "{{steps.tell.output.0.message_id}}"},
         "on_failure": "go_on"},
        {"id": "last", "words": "Ends", "tool": "read", "arguments": {"path": "x"}, "on_failure": "stop",
         "pause": "Look at the mails."},
    ],
}  # fmt: skip


def source() -> dict[str, Any]:
    return copy.deepcopy(SOURCE)


def parsed(changed: dict[str, Any] | None = None) -> Blueprint:
    raw = changed or source()
    return parse_blueprint(raw["id"], Reader(raw, f"data.blueprints.{raw['id']}"))
