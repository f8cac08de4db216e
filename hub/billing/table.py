"""A period's usage as CSV (RFC 4180): one row for each day, agent, provider and model."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

from hub.store.billing import TOTALS, Row
from safety_core.model.usage import NANO

COLUMNS: Final = ("hour", "agent", "provider", "model", *TOTALS, "cost_usd")

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run (OWASP, "CSV Injection"): an agent chooses its model's name."""


def as_csv(rows: Iterable[Row]) -> str:
    """Return the rows, grouped by the first four columns, as CSV. `cost` is in nano-US-dollars, `hour` in seconds."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        cost = row.totals["cost"]
        exact = f"{cost // NANO}.{cost % NANO:09d}"
        writer.writerow([*(_cell(value) for value in row.key), *(row.totals[name] for name in TOTALS), exact])
    return text.getvalue()


def _cell(value: object) -> str:
    text = str(value)
    return "'" + text if text.startswith(_FORMULA) else text
