"""Our judge and others' guards on the same calls in the same run: decisions per second, and mistakes.

`python -m bench.judging.comparison` prints every call that one of them is wrong about.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from bench.figure import Figure
from bench.judging.calls import Labelled, labelled
from bench.judging.guards import OURS, PEERS, Gathering, Guard, gathered, judged
from bench.judging.mistakes import MISTAKES, missed, share, wrong
from bench.section import Collected, Tell
from bench.worker import Worker, WorkerError

SECTION: Final = "Judging tool calls: our judge and others' guards, the same 450 calls"
ROUNDS: Final = 5
"""Of a comparison: the slowest takes several seconds for each."""


@dataclass(slots=True)
class Score:
    """What a guard said, and its decisions per second: of the first pass of each round, and of a second one."""

    answers: list[str] = field(default_factory=list)
    new: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was seen in one."""

    calls: tuple[Labelled, ...]
    gathering: Gathering
    scores: dict[str, Score]

    def per_second(self, key: str, *, again: bool) -> float:
        """Return the median of the rounds."""
        score = self.scores[key]
        return statistics.median(score.again if again else score.new)

    def shares(self, key: str) -> dict[str, float]:
        """Return how often it is wrong, in per cent, by kind of mistake."""
        answers = self.scores[key].answers
        return {"wrong": wrong(self.calls, answers)} | {it.key: share(it, self.calls, answers) for it in MISTAKES}


def measure(collected: Collected, tell: Tell) -> None:
    """Measure the figures, and a row for each guard for the page."""
    done = compared(tell.start, peers=True)
    collected.take(figures(done))
    collected.kept["guards"] = table(done)


def compared(tell: Callable[[str], None], *, peers: bool, rounds: int = ROUNDS) -> Comparison:
    """Ask every guard about every call, turn by turn."""
    calls = labelled()
    asked = [call.to_json() for call in calls]
    with ExitStack() as stack:
        gathering = gathered(stack, tell, peers=peers)
        scores = {key: Score() for key in gathering.workers}
        tell("measuring guards")
        for _ in range(rounds):
            for key in [*scores]:
                _round_or_leave(gathering, key, asked, scores)
    return Comparison(calls, gathering, scores)


def _round_or_leave(gathering: Gathering, key: str, asked: list[dict[str, Any]], scores: dict[str, Score]) -> None:
    """Measure one round of a guard; a peer that fails in the middle takes no part."""
    try:
        _round(gathering.workers[key], asked, scores[key])
    except WorkerError as error:
        if key == OURS.key:
            raise
        del scores[key]
        gathering.absent[key] = f"failed while it was measured: {error}"


def _round(worker: Worker, asked: list[dict[str, Any]], score: Score) -> None:
    worker.ask("call", method="reset", arguments={})
    answers, seconds = judged(worker, asked)
    _, again = judged(worker, asked)
    score.answers = answers
    score.new.append(len(asked) / seconds)
    score.again.append(len(asked) / again)


def figures(done: Comparison) -> Iterator[Figure]:
    """Yield our mistakes, with the others' beside them, and how much faster we decide."""
    shares = {key: done.shares(key) for key in done.scores}
    kinds = [("wrong", "calls judged wrongly, of all", None), *((it.key, it.title, it.goal) for it in MISTAKES)]
    for key, title, goal in kinds:
        others = [f"{guard.title} {shares[guard.key][key]:.3g}%" for guard in PEERS if guard.key in shares]
        value = shares[OURS.key][key]
        yield Figure(SECTION, f"judging_{key}", title, value, "%", goal=goal, note=", ".join(others))
    for guard in PEERS:
        yield from _faster(done, guard)


def _faster(done: Comparison, guard: Guard) -> Iterator[Figure]:
    for again, what in ((False, "never seen"), (True, "seen before")):
        name = f"judging_{guard.key}_{'again' if again else 'new'}"
        title = f"decisions per second, calls {what}: ours / {guard.title}"
        if guard.key not in done.scores:
            why = done.gathering.absent.get(guard.key, "left out")
            yield Figure(SECTION, name, title, None, "x", goal=1, more=True, note=why)
            continue
        ours, theirs = (done.per_second(key, again=again) for key in (OURS.key, guard.key))
        note = f"{ours:,.0f} and {theirs:,.0f} decisions per second"
        yield Figure(SECTION, name, title, ours / theirs, "x", goal=1, more=True, note=note)


def table(done: Comparison) -> list[dict[str, Any]]:
    """Return a row for each guard, for the page and its plots."""
    rows = []
    for guard in (OURS, *PEERS):
        row: dict[str, Any] = {"title": guard.title, "ours": guard is OURS}
        if guard.key in done.scores:
            facts = done.gathering.workers[guard.key].facts
            row |= {"version": facts["version"], "asked": facts["asked"], "shares": done.shares(guard.key)}
            row |= {"new": done.per_second(guard.key, again=False), "again": done.per_second(guard.key, again=True)}
        else:
            row |= {"absent": done.gathering.absent.get(guard.key, "left out")}
        rows.append(row)
    return rows


def main() -> None:
    """Print the mistakes of all guards, or of those that are named on the command line."""
    done = compared(lambda what: print(what, file=sys.stderr), peers=sys.argv[1:] != [OURS.key], rounds=1)
    for key, score in done.scores.items():
        if key not in (sys.argv[1:] or done.scores):
            continue
        print(f"{key}: {done.per_second(key, again=False):,.0f} and {done.per_second(key, again=True):,.0f} a second")
        for mistake in MISTAKES:
            print(f"  {mistake.title}: {share(mistake, done.calls, score.answers):.1f}%")
            for call, answer in missed(mistake, done.calls, score.answers):
                print(f"    {answer:<16}{call.why}: {call.params if call.tool != 'exec' else call.params['command']}")


if __name__ == "__main__":
    main()
