"""The table of guards: what each was asked, how fast it decides, how often it is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.figure import shown
from bench.judging.mistakes import MISTAKES

KEYS = tuple(it.key for it in MISTAKES)


def guard_lines(guards: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the table, and below it what was asked."""
    titles = " | ".join(it.title for it in MISTAKES)
    yield from ("", f"| guard | decisions/s, never seen | seen before | judged wrongly, of all | {titles} |")
    yield "|---|" + "---:|" * (3 + len(MISTAKES))
    yield from (_row(guard) for guard in guards)
    yield ""
    yield from (f"- {guard['title']} {guard['version']}: {guard['asked']}" for guard in guards if "asked" in guard)
    yield from (f"- {guard['title']} took no part: {guard['absent']}" for guard in guards if "absent" in guard)


def _row(guard: dict[str, Any]) -> str:
    if "absent" in guard:
        return f"| {guard['title']} |" + " |" * (3 + len(MISTAKES))
    shares = " | ".join(shown(guard["shares"][it], "%") for it in ("wrong", *KEYS))
    return f"| {guard['title']} {guard['version']} | {guard['new']:,.0f} | {guard['again']:,.0f} | {shares} |"
