"""False alarms on what is installed here, and how long a stream holds text back: counted by their own modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from bench.figure import Figure
from bench.scanners.ours import Scanner
from safety_core.errors import UnscannableError

ALARMS = "False alarms on real code and prose, nothing of which is anybody's secret"
STREAMS = "Streams"
MEGABYTES = 22


def figures(quick: bool, tick: Callable[[], None]) -> Iterator[Figure]:
    """Yield false alarms per MB, by class, and the mean hold of a stream."""
    yield from _alarms(2 if quick else MEGABYTES, tick)
    yield _hold()


def _alarms(megabytes: float, tick: Callable[[], None]) -> Iterator[Figure]:
    from bench.false_alarms import texts

    matcher = Scanner({}).redactor.matcher
    rules: Counter[str] = Counter()
    size = 0
    for _, _, text in texts(megabytes):
        size += len(text)
        try:
            rules.update(span.rule for span in matcher.spans(text))
        except UnscannableError:
            rules["(refused)"] += 1
        tick()
    note = f"{rules.total()} in {size / 1e6:.1f} MB of installed packages, standard library and documentation"
    yield Figure(ALARMS, "false_alarms", "all rules", rules.total() / size * 1e6, "per MB", 2, note=note)
    for rule, number in rules.most_common():
        yield Figure(ALARMS, f"alarms_{rule}", rule, number / size * 1e6, "per MB", note=str(number))


def _hold() -> Figure:
    """Return the mean number of characters that a stream holds back, as bench/stream_hold.py measures it."""
    try:
        module: Any = import_module("bench.stream_hold")
    except ModuleNotFoundError:
        return Figure(STREAMS, "stream_hold", "mean hold of a stream", None, "characters", 3, note="not measured yet")
    held, note = module.mean_hold()
    return Figure(STREAMS, "stream_hold", "mean hold of a stream", held, "characters", 3, note=note)
