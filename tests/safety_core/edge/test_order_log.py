"""What came of an order is remembered: over a restart, once, and for long enough."""

from __future__ import annotations

from pathlib import Path

from safety_core.edge.order_log import KEPT_SECONDS, OrderLog
from safety_core.wire.orders import Number, OrderOutcome, OrderResult

FIRST, SECOND = "ab" * 16, "cd" * 16
DONE = OrderResult(OrderOutcome.DONE, {Number.BYTES: 7})


async def test_the_first_result_stays_and_outlasts_a_restart(tmp_path: Path) -> None:
    log = OrderLog.open(tmp_path / "edge.db")
    assert await log.find(FIRST) is None
    await log.keep(FIRST, DONE, 100.0)
    await log.keep(FIRST, OrderResult(OrderOutcome.FAILED), 101.0)
    await log.aclose()
    log = OrderLog.open(tmp_path / "edge.db")
    assert await log.find(FIRST) == DONE
    await log.keep(SECOND, DONE, 101.0 + KEPT_SECONDS)
    assert await log.find(FIRST) is None
    await log.aclose()
