"""What a run comes to, as a table of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from platform import python_version

from fuzz.running import Result

_HEAD = ("target", "executions", "a second", "seconds", "new inputs", "slowest, ms", "peak, MiB", "found")


def shown(results: Sequence[Result]) -> str:
    """Return the table, with when and with what it was made."""
    made = f"{datetime.now(UTC):%Y-%m-%d}, Python {python_version()}, atheris {version('atheris')}"
    return "\n".join([made, "", _line(_HEAD), _line("---" for _ in _HEAD), *(_line(_row(each)) for each in results)])


def _row(result: Result) -> Iterable[str]:
    rate = result.executions / result.seconds if result.seconds else 0
    return (
        result.name,
        f"{result.executions:,}",
        f"{rate:,.0f}",
        f"{result.seconds:.0f}",
        f"{result.new:,}",
        f"{result.slowest * 1000:.1f}",
        str(result.peak_mib),
        result.finding.partition("\n")[0] or "nothing",
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
