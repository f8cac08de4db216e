"""An event becomes a signed request to the receiver."""

from __future__ import annotations

import pytest

from safety_core.errors import ExecutionError
from safety_core.model.connection import Connection
from safety_core.model.secret import SecretName
from safety_core.resolve import Access, HttpPlan
from safety_core.resolve.webhook import webhook_plan

SECRET = SecretName("ERP_SECRET")
ERP = Connection("erp", "webhook", "https://erp.example/hooks?from=us", secrets={"secret": SECRET})


def test_an_event_is_told_with_what_it_is_about() -> None:
    expected = HttpPlan(
        "POST", "https://erp.example/hooks?from=us", (("Content-Type", "application/json"),),
        '{"data":{"order":"SECRET_REF(a)"},"type":"order.shipped"}', (SecretName("a"), SECRET), 5.0,
        keyed=True, access=Access("erp", signed=SECRET),
    )  # fmt: skip
    assert webhook_plan(ERP, {"event": "order.shipped", "payload": {"order": "SECRET_REF(a)"}}, 5.0) == expected


def test_nothing_goes_unsigned_or_over_plain_http() -> None:
    with pytest.raises(ExecutionError, match="connection erp: has no secret to sign with"):
        webhook_plan(Connection("erp", "webhook", "https://erp.example"), {"event": "x"}, 5.0)
    with pytest.raises(ExecutionError, match="plain http"):
        webhook_plan(Connection("erp", "webhook", "http://erp.example", secrets={"secret": SECRET}), {}, 5.0)
