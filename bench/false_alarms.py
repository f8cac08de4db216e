"""How often redaction raises a false alarm on real code and prose, by class; and what looking for patterns costs.

    python -m bench.false_alarms [--megabytes N] [--show N] [--speed]

The text comes from what is installed here: packages, the standard library, documentation. None of it is anybody's
secret, so every finding counts as a false alarm, also the few that a reader would call right: a private key that a
test of a cryptography package carries, a password in an example. No known secrets are registered.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import sysconfig
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from safety_core.edge.shipped import shipped_bundle
from safety_core.errors import UnscannableError
from safety_core.match.layer import Layer, flatten
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry

GOAL: Final = 2.0
"""False alarms per MB, over all detectors."""

PIECE: Final = 64 * 1024
"""Characters per text: the size of a long message."""

FILE_LIMIT: Final = 1_000_000
"""Bytes of one file. Larger ones are tables, and would outweigh the rest."""

PACKAGE_SHARE: Final = 1 / 20
"""Of each kind of text, from one package at most: else the figure would say how one of them writes its examples."""

KINDS: Final = {
    "Python": (".py", ".pyi"),
    "other code": (".js", ".mjs", ".ts", ".c", ".h", ".sh", ".css", ".sql", ".go", ".rs", ".pl"),
    "prose": (".md", ".rst", ".txt", "README", "copyright", "changelog", "NEWS"),
    "markup and data": (".html", ".xml", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg"),
}
SHARES: Final = {"Python": 0.4, "other code": 0.2, "prose": 0.25, "markup and data": 0.15}
ROOT: Final = Path(__file__).parents[1]
PLACES: Final = (
    Path(sysconfig.get_path("purelib")),
    Path(sysconfig.get_path("stdlib")),
    ROOT / "plugins" / "openclaw" / "node_modules",
    Path("/usr/share/doc"),
)


def kind_of(path: Path) -> str | None:
    """Return what kind of text a file holds, None for what is left out."""
    return next((kind for kind, ends in KINDS.items() if path.name.endswith(ends)), None)


def files() -> dict[str, list[Path]]:
    """Return all files by kind, in an order that mixes the packages and is the same on every run."""
    found: dict[str, list[Path]] = defaultdict(list)
    for place in PLACES:
        for path in place.rglob("*") if place.is_dir() else ():
            kind = kind_of(path)
            if kind and path.is_file() and path.stat().st_size <= FILE_LIMIT:
                found[kind].append(path)
    return {kind: sorted(paths, key=lambda path: (hash_of(path.name), str(path))) for kind, paths in found.items()}


def package_of(path: Path) -> str:
    """Return the package that brought a file along."""
    place = next(place for place in PLACES if path.is_relative_to(place))
    return path.relative_to(place).parts[0].partition("-")[0]


def hash_of(name: str) -> int:
    """Return a number that scatters names."""
    value = 0
    for character in name:
        value = (value * 131 + ord(character)) % 1_000_003
    return value


def texts(megabytes: float) -> Iterator[tuple[str, Path, str]]:
    """Yield (kind, file, piece of its text): about so many megabytes, no text twice, shared out over the kinds. Where
    there is not enough of a kind, Python fills up."""
    seen: set[int] = set()
    taken: Counter[tuple[str, str]] = Counter()
    by_kind = files()
    left = megabytes * 1e6
    for kind in ("other code", "markup and data", "prose", "Python"):
        want = left if kind == "Python" else SHARES[kind] * megabytes * 1e6
        for path in by_kind.get(kind, ()):
            text = path.read_bytes().decode("utf-8", "replace")
            if want <= 0:
                break
            owner = (kind, package_of(path))
            if hash(text) in seen or taken[owner] > PACKAGE_SHARE * SHARES[kind] * megabytes * 1e6:
                continue
            taken[owner] += len(text)
            seen.add(hash(text))
            want -= len(text)
            left -= len(text)
            for piece in pieces(text):
                yield kind, path, piece


def pieces(text: str) -> Iterator[str]:
    """Yield `text` in pieces of whole lines."""
    start = 0
    while start < len(text):
        end = text.rfind("\n", start, start + PIECE) + 1 if len(text) - start > PIECE else len(text)
        end = end if end > start else start + PIECE
        yield text[start:end]
        start = end


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
    hits: list[int] = []
    engine, whole = [], []
    for layer in layers * 5:
        start = time.thread_time_ns()
        hits.append(len(patterns._database.ends(layer.flat)))
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
