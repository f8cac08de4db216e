"""What a candidate policy says beside the one in force: lines of a report, and what many of them come to.

One JSON object per line. No argument of a call stands in it: what differs is told by rules, by the forms of what the
call does ("git push") and by the call's action digest, under which the audit log knows it.

    {"event": "start", "time", "in_force", "candidate"}
    {"event": "differs", "time", "agent", "tool", "forms", "digest", "before", "after"}
    {"event": "summary", "time", "seen", "differing", "passed_over"}
    {"event": "trouble", "time", "reason"}

`summary` counts from the last `start` on; it is written now and then, so that a crash loses little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.flow.compared import Judged, Tally
from safety_core.model.facts import Facts
from safety_core.model.level import Level, Outcome
from safety_core.wire.reader import Reader

MOST_FORMS: Final = 8
"""Forms of one call that a line names."""


def start_line(now: float, in_force: str, candidate: str) -> JsonObject:
    """Return the line with which a candidate begins to judge. Revisions are short names of exactly one policy."""
    return {"event": "start", "time": now, "in_force": in_force, "candidate": candidate}


def difference_line(now: float, facts: Facts, digest: str, before: Judged, after: Judged) -> JsonObject:
    """Return the line about one call on which the two do not agree."""
    forms: list[Json] = [*dict.fromkeys(action.form for action in facts.actions)]
    return {
        "event": "differs",
        "time": now,
        "agent": facts.agent,
        "tool": facts.tool,
        "forms": forms[:MOST_FORMS],
        "digest": digest,
        "before": before.to_json(),
        "after": after.to_json(),
    }


def summary_line(now: float, seen: int, differing: int, passed_over: int) -> JsonObject:
    """Return the line that counts: calls that the candidate judged, and those for which it had no time."""
    return {"event": "summary", "time": now, "seen": seen, "differing": differing, "passed_over": passed_over}


def trouble_line(now: float, reason: str) -> JsonObject:
    """Return the line about something that kept the candidate from judging."""
    return {"event": "trouble", "time": now, "reason": reason}


@dataclass(slots=True)
class ShadowReport:
    """What all lines come to.

    Attributes:
        candidates: revision -> how often it began.
        tally: the calls that differ; `calls` of it are all that were judged.
        passed_over: calls for which the candidate had no time.
        troubles: reason -> how often.
        unreadable: lines that are none of a report.
    """

    candidates: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    passed_over: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    _seen: int = 0
    _late: int = 0

    def finish(self) -> None:
        """Add up what the last summary of a run said."""
        self.tally.same += self._seen
        self.tally.calls += self._seen
        self.passed_over += self._late
        self._seen = self._late = 0


def read_report(lines: Iterable[bytes], candidate: str = "") -> ShadowReport:
    """Return what the lines of a report come to.

    Args:
        candidate: only what this revision said; by default everything.
    """
    report, wanted = ShadowReport(), True
    for line in lines:
        try:
            reader = Reader.parse(line, "shadow report")
            event = reader.text("event", limit=20)
            if event == "start":
                report.finish()
                name = reader.text("candidate")
                wanted = candidate in {"", name}
                report.candidates[name] += wanted
            elif wanted:
                _take(report, event, reader)
        except InputError:
            report.unreadable += 1
    report.finish()
    return report


def _take(report: ShadowReport, event: str, reader: Reader) -> None:
    if event == "differs":
        forms = ", ".join(reader.texts("forms")) or "nothing that was recognised"
        shown = f"{reader.text('tool')}: {forms}"
        report.tally.add(reader.text("digest")[:12], shown, _judged(reader, "before"), _judged(reader, "after"))
    elif event == "summary":
        report._seen = max(reader.integer("seen") - reader.integer("differing"), 0)
        report._late = reader.integer("passed_over")
    else:
        report.troubles[reader.text("reason")] += 1


def _judged(reader: Reader, name: str) -> Judged:
    body = reader.object(name)
    level, outcome = Level.named(body.text("level")), Outcome.named(body.text("outcome"))
    if level is None or outcome is None:
        raise InputError(f"{body.path}", "is no level and outcome")
    return Judged(level, outcome, body.text("rule"), body.texts("reasons"), body.text("error", ""))
