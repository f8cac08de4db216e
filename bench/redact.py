"""Redaction: our redactor with and without its extension, what the machine can do, and the peers, in one run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Final

from bench import corpus, rivals
from bench.bodies import KNOWN, OURS, PROVIDERS, SECRETS, Bodies, made
from bench.figure import Figure, shown
from bench.measure import FULL, Effort, Sample, Timing, interleaved
from bench.peers.install import folder, install
from bench.rivals import RIVALS, Field
from bench.scanners.limits import LARGE
from bench.section import Collected, Tell
from bench.worker import Worker, WorkerError

PLAIN: Final = ("-X", "safety_native=off")

LIMITS: Final = {
    "find": "the search for one byte that is not there (memchr)",
    "read": "two equal copies compared (memcmp)",
    "hyperscan": "Hyperscan alone, with the same patterns",
    "orjson": "orjson.loads",
}
CLEAN: Final = "One call of Redactor.body on a request: all patterns, unknown secrets, decoding"
_LIMITS: Final = "What this machine can do with the same 64 KiB"
_PEERS: Final = "Peers on the same 64 KiB"
_STARTING: Final = "Starting"


@dataclass(slots=True)
class Cast:
    """Everybody who is measured. `ours`: with what is installed here; `plain`: without the extension."""

    ours: Worker
    plain: Worker
    limits: Worker
    field: Field
    native: bool


def measure(collected: Collected, tell: Tell) -> None:
    """Measure everything about redaction. Raises WorkerError if our own side cannot be measured."""
    with ExitStack() as stack:
        cast = _cast(stack, tell)
        tell.start("choosing text in which no scanner finds anything")
        bodies = made(cast.ours, rivals.sieves(cast.field), folder(), tell.reach)
        samples = _handed(cast, bodies, FULL, tell)
        tell.start(f"measuring {len(samples)} pieces of work, turn by turn", FULL.rounds)
        taken = interleaved(samples, FULL.rounds, tell.tick)
        timings = {name: timed for name, timed in taken.items() if not math.isnan(timed.median)}
        collected.kept["rounds"] = FULL.rounds
        collected.kept["bodies"] = bodies.described
        collected.kept["facts"] = {worker.title: worker.facts for worker in _everybody(cast)}
        collected.kept["timings"] = {name: asdict(timed) for name, timed in timings.items()}
        collected.take(_clean(cast, timings))
        collected.take(_limits(timings))
        collected.take(_against(cast, timings))
        collected.take(_starting(cast))


def _cast(stack: ExitStack, tell: Tell) -> Cast:
    tell.start("starting our own scanners")
    ours = stack.enter_context(Worker("ours", OURS))
    plain = stack.enter_context(Worker("plain", OURS, options=PLAIN))
    limits = stack.enter_context(Worker("limits", "bench.scanners.limits"))
    for worker in (ours, plain):
        worker.start(SECRETS, {})
    limits.start({}, {})
    install("corpus")
    return Cast(ours, plain, limits, rivals.gathered(stack, tell.start), bool(ours.facts["native"]))


def _everybody(cast: Cast) -> list[Worker]:
    return [cast.ours, cast.plain, cast.limits, *cast.field.workers.values()]


def _handed(cast: Cast, bodies: Bodies, effort: Effort, tell: Tell) -> dict[str, Sample]:
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
    cast.limits.ask("message", name="memory", raw="memory ")
    samples["memory"] = cast.limits.sample("memory", effort)
    for key in [*cast.field.workers]:
        tell.start(f"warming up {key}")
        samples |= rivals.samples(cast.field, key, bodies.raw, effort)
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
            yield Figure(CLEAN, f"{who}_{name}", f"{title}, {how}", value, "µs", goal, note=_spread(timed) or missing)
        base = timings.get(f"{who} 64k")
        ratio = base.median / timings["orjson 64k"].median if base else None
        name = "redact_64k" if who == "ours" else "redact_64k_plain"
        yield Figure(CLEAN, name, f"64 KiB / orjson.loads of it, {how}", ratio, "x", note=missing if not base else "")


def _spread(timed: Timing | None) -> str:
    return f"{timed.low * 1e6:,.0f} to {timed.high * 1e6:,.0f}" if timed else ""


def _limits(timings: dict[str, Timing]) -> Iterator[Figure]:
    size = corpus.SIZES["64k"]
    speed = LARGE / timings["memory"].median / 1e9
    note = f"{LARGE / 2**20:.0f} MiB with memchr, one core; 64 KiB at that speed: {size / speed / 1e3:.3g} µs"
    yield Figure(_LIMITS, "limit_memory", "memory read: more than any cache holds", speed, "GB/s", note=note)
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
        try:
            providers, known = _found(worker)
        except WorkerError as error:
            yield Figure(
                _PEERS, rival.key, title, None, "x", rival.times, True, f"failed while it was measured: {error}"
            )
            continue
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
