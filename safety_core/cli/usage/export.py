"""A provider's usage export -> sums by hour (or day) and model, in memory that its length does not change."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from safety_core.cli.usage.columns import Columns, columns_of
from safety_core.errors import InputError, LimitError
from safety_core.model.usage import NANO

KEYS: Final = 200_000
"""Different (hour, model) of an export; a month of hours of 100 models has 72,000."""

FIELD_BYTES: Final = 64 * 1024
"""Of one cell; real ones are short."""

COMPARED: Final = ("requests", "input", "cache_read", "cache_write", "output", "cost")
"""What both sides state; cost in nano-US-dollars, input with what came from the cache."""

Key: TypeAlias = "tuple[int, str]"
"""Start of the hour or day (seconds since the epoch), and the model's plain name."""

_DATED: Final = re.compile(r"[-@]?(?:20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])|latest)$")


@dataclass(slots=True)
class Export:
    """What an export says.

    Attributes:
        step: seconds of a bucket: 86400 where every time is midnight, else 3600.
        sums: by bucket and model; a field that the export does not have is not in it.
        skipped: rows without any number, such as a line of totals.
    """

    columns: Columns
    step: int = 86400
    sums: dict[Key, dict[str, int]] = field(default_factory=dict)
    rows: int = 0
    skipped: int = 0

    @property
    def fields(self) -> tuple[str, ...]:
        """What it can be compared by."""
        known = self.columns.places
        there = {name for name in COMPARED if name in known} | ({"input"} if "input_uncached" in known else set())
        there |= {"cache_write"} if "cache_write_1h" in known else set()
        return tuple(name for name in COMPARED if name in there)


def read_export(path: Path, named: Mapping[str, str]) -> Export:
    """Read a CSV file. `named`: field -> header, for columns that are not known by themselves.

    Raises:
        InputError: it is no usage export, or a cell is not what its column holds; LimitError: it is too fine.
    """
    csv.field_size_limit(FIELD_BYTES)
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            rows = csv.reader(file)
            export = Export(columns_of(next(rows, []), named))
            for number, row in _numbered(rows):
                _take(export, number, row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(
                f"usage export {path.name}", f"is no CSV file in UTF-8 ({type(error).__name__})", "export it so"
            ) from error
    return export


def _numbered(rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    return ((number, row) for number, row in enumerate(rows, 2) if any(row))


def _take(export: Export, number: int, row: list[str]) -> None:
    places = export.columns.places

    def cell(name: str) -> str:
        place = places.get(name, -1)
        return row[place].strip() if 0 <= place < len(row) else ""

    export.rows += 1
    counts = {name: _count(cell(name), number, name) for name in places if name not in {"time", "model", "cost"}}
    if "cost" in places:
        counts["cost"] = _nano(cell("cost"), number)
    if not cell("time") or not cell("model") or not any(counts.values()):
        export.skipped += 1
        return
    at = _moment(cell("time"), number)
    if at % 86400:
        export.step = 3600
    key = (at - at % 3600, plain_model(cell("model").partition(",")[0]))
    sums = export.sums.get(key)
    if sums is None:
        if len(export.sums) >= KEYS:
            raise LimitError("usage export", f"has more than {KEYS} hours and models", "export fewer days at a time")
        sums = export.sums[key] = dict.fromkeys(export.fields, 0)
    for name, count in _normal(counts).items():
        sums[name] += count


def _normal(counts: Mapping[str, int]) -> dict[str, int]:
    """Return a row's numbers as we count them: the input with its cached part, the writes together."""
    found = {name: count for name, count in counts.items() if name in COMPARED}
    if "cache_write_1h" in counts:
        found["cache_write"] = counts.get("cache_write", 0) + counts["cache_write_1h"]
    if "input_uncached" in counts:
        found["input"] = counts["input_uncached"] + found.get("cache_read", 0) + found.get("cache_write", 0)
    return found


@lru_cache(maxsize=4096)
def plain_model(name: str) -> str:
    """Return a model's name without its date: what one side calls by its alias, the other calls by its version."""
    plain = "-".join(name.strip().lower().split())
    if plain.startswith("claude"):  # "Claude Sonnet 4.5" in a table of costs
        plain = plain.replace(".", "-")
    return _DATED.sub("", plain) or plain


def _count(text: str, number: int, name: str) -> int:
    if not text or text.isdecimal():
        return int(text[:18] or 0)
    value = _decimal(text, number, name)
    if value != int(value) or value < 0:
        raise InputError(f"line {number}", f"has no whole number for {name}")
    return int(value)


def _nano(text: str, number: int) -> int:
    return int(_decimal(text.lstrip("$"), number, "cost") * NANO)


def _decimal(text: str, number: int, name: str) -> Decimal:
    try:
        value = Decimal(text.replace(",", "") or "0")
    except InvalidOperation as error:
        raise InputError(f"line {number}", f"has no number for {name}") from error
    if not value.is_finite() or abs(value) > 10**15:
        raise InputError(f"line {number}", f"has no number for {name}")
    return value


def _moment(text: str, number: int) -> int:
    at = _seconds(text)
    if at is None:
        raise InputError(f"line {number}", "has no time that can be read", "2026-11-26, with a time or without")
    return at


@lru_cache(maxsize=4096)
def _seconds(text: str) -> int | None:
    """Return seconds since the epoch; a time without a zone is UTC, and of a plain number the size tells its unit."""
    if text.isascii() and text.isdigit() and len(text) in {10, 13}:
        return int(text[:10])
    try:
        found = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
