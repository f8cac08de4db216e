"""Rows as JSON, as many as there is room for."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from safety_core.canonical import Json, JsonObject

EMPTY: Final = 64
"""Bytes of an answer without rows."""


class Rows:
    """What a statement returned.

    Attributes:
        columns: their names.
        rows: normalised values.
        more: there were others, which nobody has read.
    """

    def __init__(self, most: int, room: int) -> None:
        self.columns: list[str] = []
        self.rows: list[Json] = []
        self.more = False
        self._most = most
        self._room = room - EMPTY

    def add(self, values: Sequence[object]) -> bool:
        """Keep one row; False where there is no room for it, nor for any after it."""
        if len(self.rows) >= self._most:
            self.more = True
            return False
        row: list[Json] = [plain(value) for value in values]
        self._room -= len(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")) + 2
        if self._room < 0:
            self.more = True
            return False
        self.rows.append(row)
        return True

    def answer(self) -> JsonObject:
        """Return them as the agent sees them."""
        return {"columns": [*self.columns], "rows": self.rows, "more": self.more}


def plain(value: Any) -> Json:
    """Return a value as JSON: dates in ISO 8601, exact numbers as text, bytes as {"base64": text}."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal() | timedelta():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return {"base64": base64.b64encode(value).decode()}
        case Mapping():
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return str(value)
