"""The top of docs/benchmarks.md: what we promise and whether it is kept, in figures of the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bench.figure import Figure, shown, wanted
from bench.report.results import figures_of

PROMISES: Final = {
    "classify_seen_us": "a command that has been judged before, half of the calls within",
    "classify_new_us": "a command never seen, half of the calls within",
    "classify_growth": "the same under 10,000 rules / under 10",
    "judging_missed": "dangerous calls that run unasked",
    "judging_work_asked": "a developer's daily work that somebody is asked about",
    "ours_4k": "a request of 4 KiB is redacted in",
    "ours_64k": "a request of 64 KiB",
    "ours_1m": "a request of 1 MiB",
    "redact_growth": "64 KiB with 10,000 known secrets / with 1,000",
    "false_alarms": "false alarms on code and prose",
    "stream_hold": "a stream holds back, on average",
    "stream_leaks": "characters of planted secrets that a stream lets out",
    "egress_p50": "a 4 KiB request through the edge is answered later by, p50",
    "egress_p99": "the same, p99",
    "edge_memory": "a running edge holds, policy worker and 1,000 secrets included",
    "openclaw_turn": "a turn of OpenClaw with the plugin / without",
    "hub_decision": "from a decision at the hub to the call that may run, 99 of 100 within",
    "hub_edges": "edges that listen to one hub process",
    "hub_told": "until all of them are told, 99 of 100 within",
    "hub_approvals_sqlite": "approvals created and decided, SQLite",
    "hub_approvals_postgresql": "the same, PostgreSQL",
    "hub_usage_sqlite": "usage buckets taken in, SQLite",
    "hub_usage_postgresql": "the same, PostgreSQL",
    "hub_killed": "lost, doubled or used twice after kill -9",
}
"""By figure, in the reader's words: what a customer would ask first."""

PLOTS: Final = ("peers.svg", "secrets.svg", "guards.svg")
"""The three most telling pictures; the others stand further down."""

CAPTIONS: Final = {
    "peers.svg": "Scanning 64 KiB, beside the peers and the limits of the machine",
    "secrets.svg": "The same with 10, 1,000 and 10,000 known secrets",
    "guards.svg": "Judging 450 tool calls, beside others' guards",
    "sizes.svg": "Scanning 4 KiB to 1 MiB",
    "rules.svg": "Judging a command under 10 to 10,000 rules",
    "egress.svg": "A 4 KiB request through a proxy",
}
_MET: Final = {True: "met", False: "**missed**", None: "not measured"}


def summary_lines(taken: dict[str, Any], plots: set[str]) -> Iterator[str]:
    """Yield the promises with what was measured, how many goals are met, and three pictures."""
    figures = {figure.name: figure for figure in figures_of(taken)}
    goals = [figure for figure in figures.values() if figure.goal is not None]
    met = sum(figure.met is True for figure in goals)
    missed = sum(figure.met is False for figure in goals)
    broken = sum(bool(figure.broken) for figure in figures.values())
    unknown = f", {rest} could not be measured" if (rest := len(goals) - met - missed) else ""
    yield f"{len(figures)} figures. Of {len(goals)} goals {met} are met, {missed} are missed{unknown}; of the budgets"
    yield f"that fail a run, {broken or 'none'} {'is' if broken < 2 else 'are'} broken."
    yield from ("", "| what we promise | measured | goal | |", "|---|---:|---:|---|")
    yield from (_row(title, figures[name]) for name, title in PROMISES.items() if name in figures)
    yield from picture_lines(plots, PLOTS)


def picture_lines(plots: set[str], names: tuple[str, ...]) -> Iterator[str]:
    """Yield those of the pictures `names` that were drawn, each with its caption."""
    for name in names:
        if name in plots:
            yield from ("", f"{CAPTIONS[name]}:", "", f"![{CAPTIONS[name]}](benchmarks/{name})")


def _row(title: str, figure: Figure) -> str:
    return f"| {title} | {shown(figure.value, figure.unit)} | {wanted(figure)} | {_MET[figure.met]} |"
