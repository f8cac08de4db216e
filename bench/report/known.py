"""The grid of known secrets: CPU time by who, size of the request and number of secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bench.figure import shown

SIZES: Final = {"4k": "4 KiB", "64k": "64 KiB", "1m": "1 MiB"}
NUMBERS: Final = (10, 1_000, 10_000)


def known_lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a table with a column for each size and number."""
    heads = [f"{title}, {number:,}" for title in SIZES.values() for number in NUMBERS]
    yield from ("", f"| CPU time by size and number of secrets | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads))
    for row in rows:
        cells = {(cell["size"], cell["secrets"]): _time(cell["us"]) for cell in row["cells"]}
        found = " | ".join(cells.get((size, number), "") for size in SIZES for number in NUMBERS)
        yield f"| {row['title']} | {found} |"
    yield ""
    yield from (f"- {row['title']}: {row['absent']}" for row in rows if row["absent"])


def _time(us: float) -> str:
    if us < 1000:
        return shown(us, "µs")
    return shown(us / 1e3, "ms") if us < 1e6 else shown(us / 1e6, "s")
