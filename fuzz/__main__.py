"""`python -m fuzz`: every target for a while, two at a time, and a table of what came of it.

    python -m fuzz --seconds 60 --only sse --only wire
    python -m fuzz --replay sse .cache/fuzz/sse/found/crash-...    one input, without coverage; says what is wrong
    python -m fuzz --keep sse          what the corpus under .cache has learned, into fuzz/corpus

The exit status is 1 where something was found.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from fuzz.corpora import ROOT, folder_of, inputs_of
from fuzz.keeping import keep
from fuzz.running import Plan, last_results, names, run_all
from fuzz.table import shown
from fuzz.trial import Finding, Limits, loaded, trial
from tools.docs.marks import between


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    listed = ", ".join(names())
    parser.add_argument("--seconds", type=float, default=300, help="for each target (300)")
    parser.add_argument("--only", action="append", choices=names(), metavar="TARGET", help=f"one, or more: {listed}")
    parser.add_argument("--seed", type=int, default=0, help="repeats the choices of another run; 0: new ones (0)")
    parser.add_argument("--jobs", type=int, default=2, help="targets at the same time (2)")
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "FILE"), help="try one input")
    kept = "put what the corpus of a target has learned into fuzz/corpus"
    parser.add_argument("--keep", choices=names(), metavar="TARGET", help=kept)
    parser.add_argument("--write", type=Path, help="put the last run of every target between this document's marks")
    options = parser.parse_args()
    if options.replay:
        return _replay(*options.replay)
    if options.keep:
        print(f"fuzz/corpus/{options.keep}: {keep(options.keep)} inputs")
        return 0
    if options.write:
        options.write.write_text(between(options.write.read_text(), "fuzz", shown(last_results(ROOT))))
        return 0
    results = run_all(options.only or names(), Plan(ROOT, options.seconds, options.seed, options.jobs))
    print(shown(results))
    for result in results:
        if result.finding:
            print(f"\n{result.name}: {result.finding}\n{result.output}")
            if result.reproducer:
                print(f"replay: .venv/bin/python -m fuzz --replay {result.name} {result.reproducer}")
    return int(any(result.finding for result in results))


def _replay(target: str, file: str) -> int:
    """Try one input on the code as it is, so that what is slow by the instruments alone is none."""
    module = target if "." in target else f"fuzz.targets.{target}"
    ready = loaded(module)
    for raw in inputs_of(ready, folder_of(module.rpartition(".")[2])):  # what is loaded late is loaded now
        with suppress(Finding):
            trial(ready.read, raw, Limits(cpu=60, memory=4096))
    try:
        cost = trial(ready.read, Path(file).read_bytes(), ready.limits)
    except Finding as finding:
        print(f"{finding.kind}: {finding.words}")
        if finding.__cause__ is not None:
            raise finding.__cause__ from None
        return 1
    print(f"nothing is wrong with it; {cost.seconds:.3f} s of CPU, {cost.peak_mib} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
