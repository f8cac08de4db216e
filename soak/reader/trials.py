"""Did a start on a broken file loosen anything, or fail without a word?"""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from soak.reader.evidence import Evidence, Note
from soak.reader.finding import Report

TRIALS: Final = "starts"


def check_starts(evidence: Evidence, report: Report) -> None:
    """Look at each start on a broken copy."""
    tried = [note for note in evidence.chaos if note["what"] == "trial"]
    for note in tried:
        named = f"{note['who']} on {note['file']} ({note['how']})"
        if note["came"] == "refused":
            _check_refusal(note, named, report)
        else:
            _check_answers(note, named, report)
    report.count("starts on a broken file", len(tried))
    report.count("of these refused", sum(note["came"] == "refused" for note in tried))


def _check_refusal(note: Note, named: str, report: Report) -> None:
    report.unless(note["code"] != 0, TRIALS, f"{named}: it ended as if all were well")
    report.unless(not note["traceback"], TRIALS, f"{named}: it ended in a traceback: {note['said'][-300:]!r}")
    report.unless(
        _is_named(note["file"], note["said"]),
        TRIALS,
        f"{named}: it does not name what is broken: {note['said'][-300:]!r}",
    )


def _is_named(file: str, said: str) -> bool:
    """Tell whether an error names the file, or of the vault the secret that is broken. A log of what is not yet written
    into a database is a part of it."""
    name = PurePath(file).name.removesuffix("-wal")
    return name in said or (name == "vault.db" and "error: secret " in said)


def _check_answers(note: Note, named: str, report: Report) -> None:
    told = note["told"]
    if note["who"] == "hub":
        for who, status in told.items():
            report.unless(status >= 400, TRIALS, f"{named}: {who} was answered with {status}")
        return
    for what in ("forbidden", "asks", "used"):
        report.unless(told.get(what) != "allow", TRIALS, f"{named}: a call that is {what} was allowed")
    if note.get("changed"):
        report.unless(not note["verified"], TRIALS, f"{named}: a log that was changed verifies")
