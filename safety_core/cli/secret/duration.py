"""How long: "90d", "12h", "30m", "45s"; "never" where something need not end."""

from __future__ import annotations

import re
from typing import Any, Final

import click

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
NEVER: Final = float("inf")
_SHAPE: Final = re.compile(r"([0-9]{1,6})([smhdwy])")


class Duration(click.ParamType[float]):
    """Seconds. `NEVER` for "never", where that is `endless`."""

    name = "duration"

    def __init__(self, *, endless: bool = False) -> None:
        self._endless = endless

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds, or fail with what may be written."""
        if isinstance(value, float):
            return value
        if self._endless and value == "never":
            return NEVER
        if value == "0":
            return 0.0
        match = _SHAPE.fullmatch(value)
        if match is None:
            self.fail("is no duration; write 30m, 12h or 90d" + (", or never" if self._endless else ""), param, ctx)
        return float(int(match[1]) * UNITS[match[2]])
