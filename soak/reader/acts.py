"""Was each act in the world permitted before it happened, and did it happen once?"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final

from soak.reader.evidence import Evidence, Note
from soak.reader.finding import Report

ACTS: Final = "acts"
KEYS: Final = "keys"


def check_permitted(evidence: Evidence, report: Report) -> None:
    """Each act at the shop and in the workspace has a permission in the log, written before it."""
    for note in evidence.shop:
        if note["what"] == "unreadable":
            report.wrong(ACTS, f"the log could not be read when {note['token']} happened: {note['reason']}")
        elif note["what"] == "act" and not permitted(evidence, note["token"], note["log"]):
            report.wrong(ACTS, f"{note['token']} happened at the shop, and the log had no permission for it by then")
    for token in dict.fromkeys(evidence.written):
        if not permitted(evidence, token, len(evidence.entries)):
            report.wrong(ACTS, f"a command wrote {token}, and the log has no permission for it")


def permitted(evidence: Evidence, token: str, size: int) -> bool:
    """Tell whether the first `size` entries of the log permit an act, by any of the calls that asked for it."""
    return any(
        entry.event == "permitted" and entry.number < size and entry.body["outcome"] != "deny"
        for call in evidence.calls.get(token, ())
        for entry in evidence.by_call.get(call, ())
    )


def check_once(evidence: Evidence, report: Report) -> None:
    """No act happened twice for one key, and what its caller was told at last is what came about."""
    done = Counter(evidence.written)
    keys: dict[str, set[str]] = defaultdict(set)
    for note in evidence.shop:
        if note["what"] == "act":
            keys[note["token"]].add(note["key"])
            done[note["token"]] += not note["repeat"]
    for token, used in keys.items():
        report.unless(len(used) == 1 and "" not in used, KEYS, f"{token} came to the shop under {len(used)} keys")
    for token, times in done.items():
        report.unless(times == 1, KEYS, f"{token} happened {times} times")
    ended = {note["token"]: note for note in evidence.agent if note["what"] == "end"}
    for token, note in ended.items():
        if token[0] in "orw" and not _was_ended(note):
            told = note["status"] == "executed"
            what = f"{token} ended as {note['status']}, and happened {done[token]} times"
            report.unless(told == (done[token] > 0), KEYS, what)
    for call, entries in evidence.by_call.items():
        if any(entry.event == "permitted" and entry.body["outcome"] == "deny" for entry in entries):
            report.wrong(ACTS, f"call {call} was permitted against a policy that denies it")
    report.count("acts in the world", sum(done.values()))
    report.count("acts that were asked for", len(ended))


def _was_ended(note: Note) -> bool:
    """Tell whether a command was told to have come to an end of its own kind, such as a kill: it did what it could."""
    return note["status"] == "executed" and note.get("exit") not in {0, 201}
