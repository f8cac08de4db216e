"""Orders and their results are words of closed lists; what a newer part says is no error and is not kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from safety_core.errors import InputError, LimitError
from safety_core.model.tool_call import AgentId
from safety_core.wire.orders import (
    ORDERS,
    Number,
    Order,
    OrderKind,
    OrderOutcome,
    OrderResult,
    order_result_from_json,
    orders_from_json,
)
from safety_core.wire.reader import Reader

ID = "ab" * 16
HALT = Order(ID, OrderKind.HALT, AgentId("main"), "it buys too much", 1_800_000_000.0)


def wired(value: Any) -> Reader:
    return Reader.parse(json.dumps(value), "m")


def test_orders_come_through_unchanged() -> None:
    orders = (HALT, Order("cd" * 16, OrderKind.PULL, expires=1.0))
    assert orders_from_json(wired({"items": [order.to_json() for order in orders], "later": 1})) == orders


def test_an_order_that_is_not_known_here_is_known_as_such() -> None:
    newer: Any = {**HALT.to_json(), "kind": "dance", "agent": "", "tempo": 3}
    (order,) = orders_from_json(wired({"items": [newer]}))
    assert order == Order(ID, None, reason="it buys too much", expires=1_800_000_000.0)
    assert order.to_json()["kind"] == ""


def test_a_reason_is_one_line_of_a_bounded_length() -> None:
    (order,) = orders_from_json(wired({"items": [{**HALT.to_json(), "reason": "a\nb\x1b[2J" + "c" * 500}]}))
    assert order.reason.startswith("a b [2J")
    assert len(order.reason) == 200


@pytest.mark.parametrize(
    ("field", "value"), [("id", "7"), ("agent", ""), ("agent", "a\nb"), ("expires", "soon"), ("kind", None)]
)
def test_an_order_that_is_none_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InputError):
        orders_from_json(wired({"items": [{**HALT.to_json(), field: value}]}))


def test_more_orders_than_one_answer_holds_are_refused() -> None:
    with pytest.raises(LimitError):
        orders_from_json(wired({"items": [HALT.to_json()] * (ORDERS + 1)}))


def test_results_come_through_unchanged() -> None:
    for result in (
        OrderResult(OrderOutcome.DONE, {Number.OPEN: 2, Number.BLOCKED: 26}),
        OrderResult(OrderOutcome.REFUSED),
    ):
        assert order_result_from_json(wired(result.to_json())) == result
    assert order_result_from_json(wired({"outcome": "done"})) == OrderResult(OrderOutcome.DONE)


def test_words_of_a_newer_edge_are_not_kept() -> None:
    told = order_result_from_json(wired({"outcome": "danced", "numbers": {"steps": 4, "bytes": 1}, "note": "x"}))
    assert told == OrderResult(OrderOutcome.UNKNOWN, {Number.BYTES: 1})


@pytest.mark.parametrize("numbers", [[1], {"bytes": "many"}, {"bytes": -1}, {"bytes": 0.5}])
def test_a_number_is_a_number(numbers: Any) -> None:
    with pytest.raises(InputError):
        order_result_from_json(wired({"outcome": "done", "numbers": numbers}))
