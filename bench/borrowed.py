"""False alarms on what is installed here, and how long a stream holds text back: counted by their own modules."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from statistics import fmean

from bench import stream_hold
from bench.figure import Figure
from bench.installed import texts
from bench.invented import registered, some_registered
from bench.scanners.ours import Scanner
from bench.section import Collected, Tell
from safety_core.errors import UnscannableError
from safety_core.redact.stream import StreamRedactor

ALARMS = "False alarms on real code and prose, nothing of which is anybody's secret"
STREAMS = "Streams"
MEGABYTES = 22
TEXTS = 40


def alarms(collected: Collected, tell: Tell) -> None:
    """Measure false alarms per MB, by class."""
    tell.start(f"scanning {MEGABYTES} MB of what is installed here")
    collected.take(_alarms(MEGABYTES, tell.tick))


def hold(collected: Collected, tell: Tell) -> None:
    """Measure the mean hold of a stream, and what it lets out."""
    tell.start(f"streaming {TEXTS} texts of each kind", 3 * TEXTS)
    collected.take(_hold(TEXTS, tell.tick))


def _alarms(megabytes: float, tick: Callable[[], None]) -> Iterator[Figure]:
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


def _hold(count: int, tick: Callable[[], None]) -> Iterator[Figure]:
    """Yield how many characters a stream holds back after each token, and what it leaks of planted secrets."""
    known = registered(1000)
    scanner = Scanner(known)
    held: list[int] = []
    for text in chain.from_iterable(stream_hold.texts(count).values()):
        held += stream_hold.measured(text, StreamRedactor(scanner.redactor)).held
        tick()
    note = f"{len(held):,} tokens of prose, code and arguments; 1,000 secrets; at most {max(held)}"
    yield Figure(STREAMS, "stream_hold", "mean hold of a stream", fmean(held), "characters", 3, note=note)
    hidden = some_registered(known, 3)
    chance = random.Random(1)
    leaks = 0
    for text in stream_hold.texts(count)["prose"]:
        sown = stream_hold.planted(text, hidden, chance)
        leaks += stream_hold.leaked(stream_hold.measured(sown, StreamRedactor(scanner.redactor)).sent, hidden)
    note = f"3 secrets in each of {count} texts, token by token"
    yield Figure(STREAMS, "stream_leaks", "characters of planted secrets that went out", leaks, "", 0, note=note)
