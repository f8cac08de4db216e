"""Is the audit log whole, and does it say of each answer that the agent got what it must?"""

from __future__ import annotations

from typing import Final

from soak.reader.evidence import Evidence, rows
from soak.reader.finding import Report
from soak.reader.note import Checkpoint, signed
from soak.reader.tree import roots

LOG: Final = "log"
NEEDED: Final = {"executed": "permitted", "allow": "permitted", "pending": "pending", "block": "proposed"}
"""What the log must hold of a call before its caller is told this."""


def check_whole(evidence: Evidence, report: Report) -> None:
    """Recompute the tree, and hold against it every hash that is kept and every checkpoint that was signed."""
    entries = evidence.entries
    for place, entry in enumerate(entries):
        if entry.number != place:
            report.wrong(LOG, f"entry {place} is missing: {entry.number} comes in its place")
            return
    checkpoints = _signed(evidence, report)
    tree, at = roots((entry.raw for entry in entries), {one.size for _, one in checkpoints})
    for what, one in checkpoints:
        if one.size > tree.size:
            report.wrong(LOG, f"{what}: {one.size} entries are signed, {tree.size} are there")
        elif at[one.size] != one.root:
            report.wrong(LOG, f"{what}: the first {one.size} entries are not those that were signed")
    kept = {(level, number): bytes(value) for level, number, value in rows(evidence.audit, "SELECT * FROM hash")}
    report.unless(kept == tree.complete, LOG, "the hashes that are kept are not those of the entries")
    report.unless(any(one.size == tree.size for _, one in checkpoints), LOG, "no signed head covers the last entry")
    report.count("entries of the audit log", tree.size)
    report.count("signed checkpoints that hold", len(checkpoints))


def check_answers(evidence: Evidence, report: Report) -> None:
    """Hold each answer that the agent got against the log."""
    answers = [note for note in evidence.agent if note["what"] == "answer"]
    for note in answers:
        status, call = note["status"], note["call"]
        events = [entry.event for entry in evidence.by_call.get(call, ())]
        needed = "repeated" if note.get("repeated") else NEEDED.get(status)
        if needed is not None and needed not in events:
            report.wrong(LOG, f"call {call} was answered {status}, and the log does not say that it was {needed}")
        elif status == "executed" and not note.get("repeated") and "executed" not in events:
            report.wrong(LOG, f"call {call} was executed, and the log does not say so")
    report.count("answers that the log explains", len(answers))


def check_prompts(evidence: Evidence, report: Report) -> None:
    """Hold each prompt that reached the provider against the log as long as it was then."""
    seen, place = 0, 0
    arrived = [note for note in evidence.provider if note["what"] == "arrived"]
    for number, note in enumerate(sorted(arrived, key=lambda note: int(note["log"])), 1):
        while place < min(note["log"], len(evidence.entries)):
            seen += evidence.entries[place].event == "prompt"
            place += 1
        if note["log"] >= 0 and seen < number:
            report.wrong(LOG, f"prompt {note['token']} was the {number}th at the provider; the log had {seen} by then")
    report.count("prompts at the provider", len(arrived))


def _signed(evidence: Evidence, report: Report) -> list[tuple[str, Checkpoint]]:
    """Return what was signed: the head, each kept checkpoint, the file beside the log, and what the hub cosigned."""
    public = evidence.about["edge_public"]
    found: list[tuple[str, Checkpoint]] = []
    notes = [("the head", size, text) for size, text in rows(evidence.audit, "SELECT size, note FROM head")]
    query = "SELECT size, note FROM checkpoint"
    notes += [(f"checkpoint {size}", size, text) for size, text in rows(evidence.audit, query)]
    beside = evidence.audit.with_suffix(".checkpoint")
    if beside.exists():
        notes.append(("the file beside the log", None, beside.read_text()))
    for what, size, text in notes:
        one = signed(text, public)
        if one is None:
            report.wrong(LOG, f"{what} is not signed by the edge")
        elif size is not None and one.size != size:
            report.wrong(LOG, f"{what} is kept as one of {size} entries and signed for {one.size}")
        else:
            found.append((what, one))
    report.unless(any(what == "the head" for what, _ in found), LOG, "there is no signed head")
    query = "SELECT origin, proven_size, proven_root FROM checkpoints"
    for origin, size, root in rows(evidence.hub, query):
        found.append((f"what the hub cosigned of {origin}", Checkpoint(origin, size, bytes.fromhex(root))))
    return found
