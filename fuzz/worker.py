"""One target under atheris, which looks for inputs that reach code that none before has reached.

`python -m fuzz.worker fuzz.targets.sse --seconds 60 --seed 1 --work .cache/fuzz/sse`

What it did stands in WORK/told.json, whatever ends it; a finding's input lies beside it. The exit status is 1 where
something was found.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, NoReturn

import atheris

from fuzz.corpora import folder_of, inputs_of, words_of
from fuzz.trial import Finding, Kind, loaded, trial

INSTRUMENTED: Final = ("safety_core", "proxy", "hub")
_STUCK: Final = 60
"""Seconds after which libFuzzer ends a process that is stuck where no Python runs."""
_RSS_MIB: Final = 2048
_TOLD_EVERY: Final = 1.0


@dataclass(slots=True)
class Told:
    """What a worker has done."""

    executions: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    peak_mib: int = 0
    passed_over: int = 0
    finding: str = ""
    reproducer: str = ""


class Worker:
    """Gives inputs to a target until the time or the number of runs is over."""

    def __init__(self, module: str, work: Path, kept: Path, *, seconds: float, runs: int) -> None:
        self._module = module
        self._work = work
        self._told = Told()
        (work / "found").mkdir(parents=True, exist_ok=True)
        self._begun = 0.0
        self._next = 0.0
        self._seconds = seconds
        self._runs = runs
        with atheris.instrument_imports(include=[*INSTRUMENTED, module]):
            self.target = loaded(module)
        self.inputs = inputs_of(self.target, kept)
        for raw in self.inputs:  # what is loaded late is loaded now, and counts for no input
            self._once(raw)

    def __call__(self, raw: bytes) -> None:
        """Try one input."""
        self._once(raw)
        told, now = self._told, time.monotonic()
        self._begun = self._begun or now  # the time that loading takes counts for nothing
        told.executions += 1
        told.seconds = now - self._begun
        if told.seconds >= self._seconds or 0 < self._runs <= told.executions:
            self._end(0)
        if now > self._next:
            self._next = now + _TOLD_EVERY
            self._tell()

    def _once(self, raw: bytes) -> None:
        try:
            cost = trial(self.target.read, raw, self.target.limits)
            self._told.slowest = max(self._told.slowest, cost.seconds)
            self._told.peak_mib = max(self._told.peak_mib, cost.peak_mib)
        except Finding as finding:
            path = self._kept(raw, finding.kind)
            if finding.kind is Kind.HANG and self._passes(path):  # slow by what counts the branches alone
                self._told.passed_over += 1
                path.unlink()
                return
            self._told.finding = f"{finding.kind}: {finding.words}"
            self._told.reproducer = str(path)
            traceback.print_exception(finding.__cause__ or finding)
            self._end(1)

    def _passes(self, path: Path) -> bool:
        again = [sys.executable, "-m", "fuzz", "--replay", self._module, str(path)]
        return subprocess.run(again, capture_output=True, check=False).returncode == 0

    def _kept(self, raw: bytes, kind: Kind) -> Path:
        path = self._work / "found" / f"{kind}-{hashlib.sha256(raw).hexdigest()[:16]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        return path

    def _tell(self) -> None:
        draft = self._work / "told.draft"
        draft.write_text(json.dumps(asdict(self._told)))
        draft.replace(self._work / "told.json")

    def _end(self, status: int) -> NoReturn:
        self._tell()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # libFuzzer would end as it likes


def main() -> NoReturn:
    """Fuzz one target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--kept", type=Path, help="a folder with inputs to begin with, where that is not the target's")
    options = parser.parse_args()
    corpus = options.work / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    name = options.module.rpartition(".")[2]
    worker = Worker(
        options.module, options.work, options.kept or folder_of(name), seconds=options.seconds, runs=options.runs
    )
    for raw in worker.inputs:
        (corpus / hashlib.sha256(raw).hexdigest()[:40]).write_bytes(raw)
    arguments = [
        sys.argv[0], f"-seed={options.seed}", f"-max_len={worker.target.longest}", f"-timeout={_STUCK}",
        f"-rss_limit_mb={_RSS_MIB}", f"-artifact_prefix={options.work}/found/", "-verbosity=0",
    ]  # fmt: skip
    if words_of(name).exists():
        arguments.append(f"-dict={words_of(name)}")
    atheris.Setup([*arguments, str(corpus)], worker)
    atheris.Fuzz()
    sys.exit(0)


if __name__ == "__main__":
    main()
