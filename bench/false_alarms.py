"""How often redaction raises a false alarm on real code and prose, by class; and what looking for patterns costs.

    python -m bench.false_alarms [--megabytes N] [--show N] [--speed]

The text comes from what is installed here (`bench.installed`). None of it is anybody's secret, so every finding counts
as a false alarm, also the few that a reader would call right: a private key that a test of a cryptography package
carries, a password in an example. No known secrets are registered.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter, defaultdict
from typing import Final

from bench.installed import PIECE, texts
from safety_core.edge.shipped import shipped_bundle
from safety_core.errors import UnscannableError
from safety_core.match.layer import Layer, flatten
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry

GOAL: Final = 2.0
"""False alarms per MB, over all detectors."""


def masked(text: str) -> str:
    """Return `text` with its middle hidden."""
    kept = min(4, len(text) // 4)
    return f"{text[:kept]}{'.' * 3}{text[len(text) - kept :]} ({len(text)})"


def count(megabytes: float, show: int) -> None:
    """Scan and print the table."""
    matcher = Matcher(Registry({}), PatternSet(shipped_bundle().policy.patterns))
    counts: Counter[tuple[str, str]] = Counter()
    shown: dict[tuple[str, str], list[str]] = defaultdict(list)
    size: Counter[str] = Counter()
    for kind, path, text in texts(megabytes):
        size[kind] += len(text)
        try:
            spans = matcher.spans(text)
        except UnscannableError as error:
            counts["(refused)", kind] += 1
            shown["(refused)", kind].append(f"{path}: {error}")
            continue
        for span in spans:
            counts[span.rule, kind] += 1
            before = text[max(0, span.start - 60) : span.start]
            after = text[span.end : span.end + 10]
            shown[span.rule, kind].append(f"{path.name}: {before}{masked(text[span.start : span.end])}{after}")
    total = sum(size.values()) / 1e6
    print(f"{'rule':28} {'text':18} {'count':>6} {'per MB':>8}")
    for (rule, kind), number in counts.most_common():
        print(f"{rule:28} {kind:18} {number:6} {number / total:8.3f}")
        for example in shown[rule, kind][:: max(1, number // show)][:show] if show else ():
            print(f"      {example!r}")
    for kind, amount in size.items():
        number = sum(count for (_, where), count in counts.items() if where == kind)
        print(f"{'all rules':28} {kind:18} {number:6} {number / amount * 1e6:8.3f}   of {amount / 1e6:.1f} MB")
    print(f"{'all rules':28} {'all':18} {counts.total():6} {counts.total() / total:8.3f}   of {total:.1f} MB")
    print(f"goal: at most {GOAL} per MB: {'met' if counts.total() <= GOAL * total else 'NOT met'}")


def speed() -> None:
    """Print candidates and CPU time of `PatternSet.find` per 64 KiB of code and prose."""
    patterns = PatternSet(shipped_bundle().policy.patterns)
    layers = [Layer(flatten(text)) for _, _, text in texts(6) if len(text) > PIECE * 0.9]
    layers = [layer for layer in layers if not list(patterns.find(layer))][:60]
    database = patterns._database
    assert database is not None
    hits: list[int] = []
    engine, whole = [], []
    for layer in layers * 5:
        start = time.thread_time_ns()
        hits.append(len(database.ends(layer.flat)))
        engine.append(time.thread_time_ns() - start)
        start = time.thread_time_ns()
        list(patterns.find(layer))
        whole.append(time.thread_time_ns() - start)
    print(f"clean texts of 64 KiB: {len(layers)}")
    print(f"candidates per text: mean {statistics.mean(hits):.2f}, median {statistics.median(hits)}")
    for name, values in (("engine alone", engine), ("PatternSet.find", whole)):
        ordered = sorted(values)
        print(
            f"{name}: median {statistics.median(values) / 1e3:.1f} us, mean {statistics.mean(values) / 1e3:.1f} us, "
            f"p95 {ordered[len(ordered) * 95 // 100] / 1e3:.1f} us of CPU"
        )


def main() -> int:
    """Read the command line and print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=24.0, help="how much text to scan (default: 24)")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="examples per class, the middle masked")
    parser.add_argument("--speed", action="store_true", help="measure the time that looking for patterns takes instead")
    asked = parser.parse_args()
    if asked.speed:
        speed()
    else:
        count(asked.megabytes, asked.show)
    return 0


if __name__ == "__main__":
    sys.exit(main())
