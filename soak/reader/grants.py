"""Was each permission that a person had to give given by a person, for this call, and used once?"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any, Final

from soak.reader.evidence import Evidence, rows
from soak.reader.finding import Report
from soak.reader.note import verified

GRANTS: Final = "grants"
CONTEXT: Final = b"safety-gateway grant v1\x00"


class Literal(str):
    """A number as it was written: what is signed is its text."""

    __slots__ = ()


def canonical(value: Any) -> str:
    """Return RFC 8785's form of JSON in which numbers kept their text."""
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def grant(raw: bytes, keys: dict[str, str]) -> dict[str, Any] | None:
    """Return a grant as the hub keeps it, None unless one of these keys has signed it."""
    fields = json.loads(raw, parse_float=Literal, parse_int=Literal)
    signature = fields.pop("signature")
    public = keys.get(fields["key"])
    message = CONTEXT + canonical(fields).encode()
    if public is None or not signature or not verified(bytes.fromhex(public), message, bytes.fromhex(signature)):
        return None
    return dict(fields)


def check_used_once(evidence: Evidence, report: Report) -> None:
    """By what was judged (`action_digest`): no more uses than grants. A use is an act, or an answer "allow"."""
    given = _given(evidence, report)
    asked: dict[str, set[str]] = defaultdict(set)
    for entries in evidence.by_call.values():
        for entry in entries:
            if entry.event == "permitted" and entry.body["outcome"].startswith("ask"):
                asked[entry.body["action_digest"]].add(entry.call)
    tokens = {call: token for token, calls in evidence.calls.items() for call in calls}
    acts = _acts(evidence)
    allowed = Counter(note["call"] for note in evidence.agent if note["what"] == "answer" and note["status"] == "allow")
    used = 0
    for digest, calls in asked.items():
        uses = sum(allowed[call] for call in calls) + sum(
            acts[token] for token in {tokens.get(one, "") for one in calls}
        )
        used += uses
        if not given[digest]:
            report.wrong(GRANTS, f"call {min(calls)} was permitted, and nobody granted it")
        elif uses > given[digest]:
            report.wrong(GRANTS, f"{given[digest]} grants for call {min(calls)} were used {uses} times")
    report.count("grants that people gave", sum(given.values()))
    report.count("grants that were used", used)


def _acts(evidence: Evidence) -> Counter[str]:
    acts = Counter(evidence.written)
    acts.update(note["token"] for note in evidence.shop if note["what"] == "act" and not note["repeat"])
    return acts


def _given(evidence: Evidence, report: Report) -> Counter[str]:
    keys: dict[str, str] = evidence.about["approvers"]
    given = Counter[str]()
    for request, allow, raw in rows(evidence.hub, "SELECT request, allow, grant_json FROM answers"):
        one = grant(bytes(raw), keys)
        if one is None:
            report.wrong(GRANTS, f"the answer to question {request} is signed by nobody whose key is pinned")
        elif allow and one["allow"] is True and one["request"] == request:
            given[one["action_digest"]] += 1
    return given
