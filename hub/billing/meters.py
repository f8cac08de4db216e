"""Which totals are exported, and in which unit.

Values are whole. A total is converted first and subtracted then, so that what is lost by rounding is never more than
one unit for each hour, however often it grows.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.store.billing import Meter
from safety_core.errors import InputError


def units(meter: Meter, totals: Mapping[str, int]) -> int:
    """Return a meter's whole units of an hour's totals, by the names of the usage table."""
    match meter:
        case Meter.COST:
            return totals["cost"] // 1000
        case Meter.REQUESTS:
            return totals["requests"]
        case Meter.INPUT_TOKENS:
            return totals["input_total"] + totals["tool_prompt"]
        case Meter.OUTPUT_TOKENS:
            return totals["output_total"]


def meters_from(text: str) -> dict[Meter, str]:
    """Return Stripe's event name of each meter from "cost=safety_cost requests=safety_requests".

    Raises:
        InputError: an entry that is none.
    """
    found: dict[Meter, str] = {}
    for entry in text.split():
        name, _, event = entry.partition("=")
        if name not in set(Meter) or not event:
            words = ", ".join(Meter)
            raise InputError("hub setting stripe_meters", f"must be METER=EVENT_NAME ..., with METER of {words}")
        found[Meter(name)] = event
    return found
