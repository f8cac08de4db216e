"""Usage that could not be written down is written later, and once."""

from __future__ import annotations

import pytest

from proxy.spending.owed import Owed
from safety_core.edge.usage_store import UsageStore
from safety_core.errors import UnavailableError
from safety_core.model.usage import Booking, Usage
from tests.proxy.spending.setting import MAIN, NOON, Place, used


async def test_what_could_not_be_booked_is_booked_later_and_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    budgets = await place.begin()

    async def locked(*_: object) -> bool:
        raise UnavailableError("edge.db", "is locked")

    with monkeypatch.context() as patched:
        patched.setattr(UsageStore, "add", locked)
        for request in ("r1", "r2"):
            with pytest.raises(UnavailableError):
                await budgets.meter(used(request))
        with pytest.raises(UnavailableError):
            await budgets.owed.settle()
        assert (len(budgets.owed), await place.usage.unsent()) == (2, ())
    await budgets.meter(used("r2"))  # told twice, as a retry would
    await budgets.owed.settle()
    (bucket,) = await place.usage.unsent()
    assert (len(budgets.owed), bucket.requests) == (0, 2)


async def test_what_is_owed_is_written_before_the_edge_ends_or_the_log_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    owed = Owed(place.usage)
    owed.keep(Booking("r1", MAIN, "openai", "m-1", Usage(1, 1), 1), NOON)

    async def full(*_: object) -> bool:
        raise UnavailableError("edge.db", "failed (SQLITE_FULL)")

    with monkeypatch.context() as patched:
        patched.setattr(UsageStore, "add", full)
        await owed.settle_at_last()
    assert "the usage of 1 responses is not in the books" in caplog.text
    await owed.settle_at_last()
    (bucket,) = await place.usage.unsent()
    assert (len(owed), bucket.requests) == (0, 1)


async def test_too_much_that_is_owed_is_given_up_from_its_oldest(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("proxy.spending.owed.MOST", 2)
    owed = Owed(place.usage)
    for number in range(3):
        owed.keep(Booking(f"r{number}", MAIN, "openai", "m-1", Usage(1, 1), 1), NOON)
    await owed.settle()
    (bucket,) = await place.usage.unsent()
    assert (bucket.requests, "r0 is not in the books" in caplog.text) == (2, True)
