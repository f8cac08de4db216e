"""Redaction: our redactor with and without its extension, what the machine can do, and the peers, in one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from bench import corpus, rivals
from bench.bodies import KNOWN, PROVIDERS, SECRETS, Bodies, made
from bench.figure import Figure, shown
from bench.invented import added, registered
from bench.measure import Effort, Sample, Timing, interleaved
from bench.peers.install import folder, install
from bench.rivals import RIVALS, Field
from bench.worker import Worker

OURS: Final = "bench.scanners.ours"
PLAIN: Final = ("-X", "safety_native=off")
MORE: Final = 10_000
ADDED: Final = 200

LIMITS: Final = {
    "find": "the search for one byte that is not there (memchr)",
    "read": "two equal copies compared (memcmp)",
    "hyperscan": "Hyperscan alone, with the same patterns",
    "orjson": "orjson.loads",
}
_CLEAN: Final = "One call of Redactor.body on a request: all patterns, unknown secrets, decoding"
_LIMITS: Final = "What this machine can do with the same 64 KiB"
_PEERS: Final = "Peers on the same 64 KiB"
_REGISTRY: Final = "The registry"
_STARTING: Final = "Starting"


@dataclass(slots=True)
class Run:
    """What a run has measured."""

    timings: dict[str, Timing] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    bodies: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Cast:
    """Everybody who is measured. `ours`: with what is installed here; `plain`: without the extension."""

    ours: Worker
    plain: Worker
    limits: Worker
    field: Field
    native: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How a run tells where it is."""

    tell: Callable[[str], None]
    corpus: Callable[[int], None]
    tick: Callable[[], None]


def run(effort: Effort, progress: Progress, peers: bool) -> Run:
    """Measure everything about redaction. Raises WorkerError if our own side cannot be measured."""
    done = Run()
    with ExitStack() as stack:
        cast = _cast(stack, progress, peers)
        progress.tell("choosing clean text from the installed packages")
        bodies = made(cast.ours, rivals.sieves(cast.field), folder(), progress.corpus)
        done.bodies, done.raw = bodies.described, bodies.raw
        done.facts = {worker.title: worker.facts for worker in _everybody(cast)}
        samples = _handed(cast, bodies, effort, progress)
        with _grown(stack, "ours-10000", (), bodies) as ours, _grown(stack, "plain-10000", PLAIN, bodies) as plain:
            if cast.native:
                samples["ours 64k 10000"] = ours.sample("64k", effort)
            samples["plain 64k 10000"] = plain.sample("64k", effort)
            progress.tell(f"measuring {len(samples)} pieces of work, turn by turn")
            done.timings = interleaved(samples, effort.rounds, progress.tick)
            progress.tell("adding secrets one by one")
            done.figures += [*_clean(cast, done.timings), *_limits(done.timings)]
            done.figures += [*_against(cast, done.timings), *_starting(cast), _adding(ours if cast.native else plain)]
    return done


def _cast(stack: ExitStack, progress: Progress, peers: bool) -> Cast:
    progress.tell("starting our own scanners")
    ours = stack.enter_context(Worker("ours", OURS))
    plain = stack.enter_context(Worker("plain", OURS, options=PLAIN))
    limits = stack.enter_context(Worker("limits", "bench.scanners.limits"))
    for worker in (ours, plain):
        worker.start(SECRETS, {})
    limits.start({}, {})
    install("corpus")
    others = rivals.gathered(stack, progress.tell) if peers else Field({}, {it.key: "left out" for it in RIVALS})
    return Cast(ours, plain, limits, others, bool(ours.facts["native"]))


def _grown(stack: ExitStack, title: str, options: tuple[str, ...], bodies: Bodies) -> Worker:
    worker = stack.enter_context(Worker(title, OURS, options=options))
    worker.start(registered(MORE), {"64k": bodies.raw["64k"]})
    return worker


def _everybody(cast: Cast) -> list[Worker]:
    return [cast.ours, cast.plain, cast.limits, *cast.field.workers.values()]


def _handed(cast: Cast, bodies: Bodies, effort: Effort, progress: Progress) -> dict[str, Sample]:
    """Hand out the messages, warm up, and return all that is to be measured."""
    samples: dict[str, Sample] = {}
    for worker in (cast.ours, cast.plain):
        for name in (*corpus.SIZES, "dirty"):
            worker.ask("message", name=name, raw=bodies.raw[name].decode())
            if worker is cast.plain or cast.native:
                samples[f"{worker.title} {name}"] = worker.sample(name, effort)
    for name in corpus.SIZES:
        for limit in LIMITS:
            cast.limits.ask("message", name=f"{limit} {name}", raw=f"{limit} {bodies.raw[name].decode()}")
            samples[f"{limit} {name}"] = cast.limits.sample(f"{limit} {name}", effort)
    rivals.given(cast.field, bodies.raw)
    for key, worker in cast.field.workers.items():
        progress.tell(f"warming up {key}")
        names = ("64k", "dirty", "text", *(("4k", "1m") if key == "kingfisher" else ()))
        samples |= {f"{key} {name}": worker.sample(name, effort) for name in names}
    return samples


def _clean(cast: Cast, timings: dict[str, Timing]) -> Iterator[Figure]:
    goals = {"ours": {"4k": 25.0, "64k": 150.0, "1m": 4000.0}, "plain": {"64k": 500.0}}
    titles = {"4k": "4 KiB, clean", "64k": "64 KiB, clean", "1m": "1 MiB, clean", "dirty": "64 KiB, 17 planted secrets"}
    missing = "" if cast.native else "the extension is not built here"
    for who, how in (("ours", "with the extension"), ("plain", "without the extension")):
        for name, title in titles.items():
            timed = timings.get(f"{who} {name}")
            value = timed.us if timed else None
            goal = goals[who].get(name)
            yield Figure(_CLEAN, f"{who}_{name}", f"{title}, {how}", value, "µs", goal, note=_spread(timed) or missing)
        grown, base = timings.get(f"{who} 64k 10000"), timings.get(f"{who} 64k")
        ratio = grown.median / base.median if grown and base else None
        note = f"{grown.us:,.0f} µs" if grown else missing
        name = "redact_growth" if who == "ours" else "redact_growth_plain"
        yield Figure(_CLEAN, name, f"64 KiB with 10,000 secrets / with 1,000, {how}", ratio, "x", 1.3, note=note)
        ratio = base.median / timings["orjson 64k"].median if base else None
        name = "redact_64k" if who == "ours" else "redact_64k_plain"
        yield Figure(_CLEAN, name, f"64 KiB / orjson.loads of it, {how}", ratio, "x", note=missing if not base else "")


def _spread(timed: Timing | None) -> str:
    return f"{timed.low * 1e6:,.0f} to {timed.high * 1e6:,.0f}" if timed else ""


def _limits(timings: dict[str, Timing]) -> Iterator[Figure]:
    size = corpus.SIZES["64k"]
    for name, title in LIMITS.items():
        timed = timings[f"{name} 64k"]
        speed = (2 if name == "read" else 1) * size / timed.median / 1e9
        yield Figure(_LIMITS, f"limit_{name}", title, timed.us, "µs", note=f"{speed:.3g} GB/s")


def _against(cast: Cast, timings: dict[str, Timing]) -> Iterator[Figure]:
    """Yield how many times faster we are than each peer, on the very same bytes."""
    who = "ours" if cast.native else "plain"
    own = timings[f"{who} 64k"].median
    found = _found(cast.ours)
    yield Figure(_PEERS, "ours_found", "planted secrets that we find, of 17", found[0] + found[1], "", 17, more=True)
    for rival in RIVALS:
        worker = cast.field.workers.get(rival.key)
        title = f"faster than {rival.title}"
        if worker is None:
            yield Figure(_PEERS, rival.key, title, None, "x", rival.times, True, cast.field.absent[rival.key])
            continue
        clean, dirty, text = (timings[f"{rival.key} {name}"].median * 1e3 for name in ("64k", "dirty", "text"))
        providers, known = _found(worker)
        note = (
            f"{worker.facts['version']}: {shown(clean, 'ms')}; with 17 secrets {shown(dirty, 'ms')}; its text without "
            f"the JSON {shown(text, 'ms')} ({shown(text / own / 1e3, 'x')}); finds {providers} of 14 providers' secrets"
            f"{f', {known} of 3 registered' if rival.registry else ''}"
        )
        yield Figure(_PEERS, rival.key, title, clean / own / 1e3, "x", rival.times, True, note)


def _found(worker: Worker) -> tuple[int, int]:
    """Return how many planted secrets of providers, and registered ones, a scanner takes at least a part of."""
    left = worker.cleaned("dirty").replace("\\n", "\n")
    return sum(secret not in left for secret in PROVIDERS), sum(secret not in left for secret in KNOWN)


def _starting(cast: Cast) -> Iterator[Figure]:
    facts = cast.limits.facts["hyperscan"]
    note = f"{cast.ours.facts['patterns']} patterns; an edge does it once per bundle and keeps the result"
    yield Figure(_STARTING, "patterns_compile", "compiling all patterns", facts["compile"], "s", note=note)
    yield Figure(_STARTING, "patterns_take_up", "taking up what was compiled", facts["take up"] * 1e3, "ms")


def _adding(worker: Worker) -> Figure:
    taken = worker.ask("call", method="add", arguments={"secrets": added(ADDED)})
    mean = sum(taken) / len(taken) * 1e3
    note = f"mean of {ADDED} in a row, the slowest {max(taken) * 1e3:.2g} ms; each is found by the next scan"
    return Figure(_REGISTRY, "add_secret", "adding one secret to 10,000", mean, "ms", 1, note=note)
