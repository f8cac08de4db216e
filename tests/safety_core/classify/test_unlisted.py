"""Tools that nobody listed: what their arguments give away."""

from __future__ import annotations

from typing import Any

import pytest

from safety_core.model.facts import Kind, TargetKind
from safety_core.model.level import Level
from tests.simulators.judging import Judging

CALLS: list[tuple[str, dict[str, Any], Level]] = [
    ("till", {"action": "open_drawer"}, Level.YELLOW),
    ("read_query", {"query": "/*! DROP TABLE bread */"}, Level.RED),
    ("read_query", {"query": "/* a */ DROP TABLE bread"}, Level.RED),
    ("read_query", {"query": ["SELECT 1", "DROP TABLE bread"]}, Level.RED),
    ("read_query", {"query": ["DROP", "TABLE bread"]}, Level.RED),
    ("read_query", {"query": ["SELECT 1"]}, Level.YELLOW),
    ("till", {"action": "list_sales"}, Level.YELLOW),
    ("till", {"action": "delete_sales"}, Level.RED),
    ("till", {"action": "x" * 80}, Level.YELLOW),
    ("manage_orders", {"operation": "cancel"}, Level.RED),
    ("get_orders", {"operation": "delete"}, Level.RED),
    ("call_helper", {"tool_name": "send_letter"}, Level.YELLOW_EXTERNAL),
    ("till_api", {"method": "GET", "url": "https://till.example.com"}, Level.YELLOW),
    ("till_api", {"method": "POST", "url": "https://till.example.com"}, Level.YELLOW_EXTERNAL),
    ("till_api", {"method": "POST", "url": "http://localhost/x"}, Level.YELLOW),
    ("till_api", {"method": "DELETE", "url": "http://localhost/x"}, Level.RED),
    ("till_api", {"method": "frob"}, Level.YELLOW),
    ("till_api", {"method": "sendReceipt"}, Level.YELLOW_EXTERNAL),
    ("api_call", {"method": "DELETE", "url": "https://till.example.com/1"}, Level.RED),
    ("get_till", {"method": "DELETE", "url": "https://till.example.com/1"}, Level.RED),
    ("frobnicate", {"to": "anna@example.com"}, Level.YELLOW_EXTERNAL),
    ("frobnicate", {"email": "anna@example.com"}, Level.YELLOW),
    ("frobnicate", {"email": "anna@example.com", "body": "hello"}, Level.YELLOW_EXTERNAL),
    ("frobnicate", {"request": {"deliver": {"recipients": ["anna@example.com"]}}}, Level.YELLOW_EXTERNAL),
    ("frobnicate", {"from_email": "anna@example.com", "body": "hello"}, Level.YELLOW),
    ("search_letters", {"to": "anna@example.com"}, Level.YELLOW),
    ("frobnicate", {"amount": 5, "iban": "XX00"}, Level.RED),
    ("frobnicate", {"amount": 5}, Level.YELLOW),
    ("frobnicate", {"amount": "all of it", "iban": "XX00"}, Level.RED),
    ("list_bills", {"amount": 5, "iban": "XX00"}, Level.YELLOW),
    ("update_order", {"id": 7, "notify_customer": True}, Level.YELLOW_EXTERNAL),
    ("update_order", {"id": 7, "notify_customer": False}, Level.YELLOW),
    ("update_folder", {"id": 7, "public": "yes"}, Level.RED),
    ("update_folder", {"id": 7, "visibility": "Public"}, Level.RED),
    ("get_folder", {"id": 7, "visibility": "public"}, Level.YELLOW),
    ("delete_letters", {"ids": ["1", "2"]}, Level.RED),
    ("delete_letters", {"ids": "*"}, Level.CRITICAL_RED),
    ("delete_letters", {"ids": [str(n) for n in range(200)]}, Level.CRITICAL_RED),
    ("delete_letters", {"all": True}, Level.CRITICAL_RED),
    ("create_note", {"body": "all"}, Level.YELLOW),
    ("send_letter", {"to": "anna@example.com", "force": True}, Level.RED),
    ("delete_folder", {"recursive": True}, Level.RED),
    ("look_at", {"page_url": "https://example.com/?q=" + "x" * 400}, Level.YELLOW_EXTERNAL),
    ("get_page", {"url": "https://webhook.site/x"}, Level.RED),
    ("get_file", {"file_path": "~/.ssh/id_rsa"}, Level.RED),
    ("open_terminal", {"input": "rm -rf build"}, Level.RED),
    ("ask_baker", {"input": "rm -rf build"}, Level.YELLOW),
    ("till__query", {"input": "drop table sales"}, Level.RED),
    ("till__query", {"input": "/* x */ -- y\n DELETE FROM sales"}, Level.RED),
    ("till__query", {"input": "what was sold"}, Level.YELLOW),
    ("ask_baker", {"input": "drop table sales"}, Level.YELLOW),
    ("frobnicate", {"arguments": '{"to": "anna@example.com"}'}, Level.YELLOW_EXTERNAL),
    ("frobnicate", {"arguments": "{to: anna@example.com"}, Level.YELLOW),
    ("query_sales", {"sql": "select ("}, Level.YELLOW),
    ("run_python", {"code": "import shutil; shutil.rmtree('x')"}, Level.RED),
    ("run_snippet", {"code": "import os; os.system('rm -rf build')", "language": "python"}, Level.RED),
    ("check_voucher", {"code": "import shutil; shutil.rmtree('x')"}, Level.YELLOW),
]


@pytest.mark.parametrize(("tool", "params", "level"), CALLS)
def test_level(judging: Judging, tool: str, params: dict[str, Any], level: Level) -> None:
    verdict = judging.verdict(judging.facts(tool, **params))
    assert verdict.level is level, verdict.hits


def test_a_payment_says_how_much_goes_to_whom(judging: Judging) -> None:
    facts = judging.facts("transfer_funds", amount=1200, currency="EUR", payee="Mill Ltd", card_number="4111", note="x")
    (action,) = facts.actions
    assert action.kind is Kind.MONEY
    assert [(target.kind, target.value) for target in action.targets] == [
        (TargetKind.RECIPIENT, "Mill Ltd"),
        (TargetKind.AMOUNT, "1,200 EUR"),
    ]


def test_whoever_a_mail_reaches_is_counted_once(judging: Judging) -> None:
    facts = judging.facts("send_mail", to="anna@example.com, bert@example.com", cc=["Anna <anna@example.com>"])
    assert [target.value for target in facts.recipients] == ["anna@example.com", "bert@example.com"]


def test_what_is_deleted_is_named(judging: Judging) -> None:
    (action,) = judging.facts("delete_order", id="order 7").actions
    assert [target.value for target in action.targets] == ["order 7"]
