"""Targets in processes of their own, a few at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Final

from fuzz import targets

_SPARE: Final = 120
"""Seconds beyond its time after which a worker is ended: it starts, reads its corpus, and may try one hang again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each runs, from which seed (0: another one each time), and how many at a time."""

    root: Path
    seconds: float
    seed: int
    jobs: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a worker did. `new`: inputs that it found and that reach something that none before had."""

    name: str
    executions: int
    seconds: float
    new: int
    slowest: float
    peak_mib: int
    finding: str
    reproducer: str
    output: str


def names() -> list[str]:
    """Return the names of all targets."""
    return sorted(module.name for module in iter_modules(targets.__path__))


def run_all(wanted: Iterable[str], plan: Plan) -> list[Result]:
    """Run targets, `plan.jobs` at a time; return what came of them, by name."""
    with ThreadPoolExecutor(plan.jobs) as pool:
        return sorted(pool.map(lambda name: run(name, plan), wanted), key=lambda result: result.name)


def run(name: str, plan: Plan) -> Result:
    """Run one target."""
    work = plan.root / ".cache/fuzz" / name
    corpus = work / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    before = len([*corpus.iterdir()])
    told = work / "told.json"
    told.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "fuzz.worker", f"fuzz.targets.{name}", "--seconds", str(plan.seconds),
        "--seed", str(plan.seed), "--work", str(work),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=plan.root, timeout=plan.seconds + _SPARE, check=False, text=True, errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        status, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as error:
        status, output = -1, f"did not end; {error}"
    found: dict[str, Any] = json.loads(told.read_text()) if told.exists() else {}
    finding, reproducer = found.get("finding", ""), found.get("reproducer", "")
    if status and not finding:  # something ended the process itself
        finding = f"crash: the process ended with status {status}"
        newest = sorted((work / "found").glob("*"), key=lambda path: path.stat().st_mtime)
        reproducer = str(newest[-1]) if newest else ""
    result = Result(
        name, found.get("executions", 0), found.get("seconds", 0.0), max(len([*corpus.iterdir()]) - before, 0),
        found.get("slowest", 0.0), found.get("peak_mib", 0), finding, reproducer, "\n".join(output.splitlines()[-30:]),
    )  # fmt: skip
    (work / "result.json").write_text(json.dumps(asdict(result)))
    return result


def last_results(root: Path) -> list[Result]:
    """Return what came of the last run of each target, as far as there was one."""
    files = (root / ".cache/fuzz" / name / "result.json" for name in names())
    return [Result(**json.loads(file.read_text())) for file in files if file.exists()]
