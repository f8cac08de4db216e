"""What became of calls is counted from what goes on record."""

from __future__ import annotations

from proxy.tally import Tally
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId
from safety_core.wire.activity import AGENTS, Count


def counted(*entries: AuditEntry) -> dict[Count, int]:
    tally = Tally()
    for entry in entries:
        tally.note(entry)
    return {count: total for count, total in tally.counts.items() if total}


def proposed(outcome: str, exchange: str = "") -> AuditEntry:
    return AuditEntry(1.0, Event.PROPOSED, "main", "exec", "c1", "green", outcome, exchange=exchange)


def test_a_call_counts_once_by_what_policy_says_of_it() -> None:
    assert counted(*(proposed(word) for word in ("allow", "ask", "ask_strong", "deny"))) == {
        Count.CALLS: 4,
        Count.ASKED: 2,
        Count.DENIED: 1,
    }


def test_what_a_model_only_proposed_and_what_is_no_call_counts_nothing() -> None:
    others = [AuditEntry(1.0, event, "main") for event in (Event.PERMITTED, Event.PENDING, Event.RESULT, Event.PROMPT)]
    assert counted(proposed("deny", "e1"), *others) == {}


def test_refusals_by_people_are_denials_and_those_by_errors_are_failures() -> None:
    by_person = AuditEntry(1.0, Event.REFUSED, "main", "exec", "c1", "red", "ask")
    by_error = AuditEntry(1.0, Event.REFUSED, "main", rules=("UnavailableError",))
    assert counted(by_person, by_error) == {Count.DENIED: 1, Count.FAILED: 1}


def test_calls_that_fail_are_counted_wherever_they_ran() -> None:
    ended = [AuditEntry(1.0, Event.ENDED, "main", counts={"ms": 3, "error": error}) for error in (0, 1)]
    assert counted(AuditEntry(1.0, Event.FAILED, "main"), *ended) == {Count.FAILED: 2}


def test_only_so_many_agents_are_remembered_those_that_called_last() -> None:
    tally = Tally()
    for number in range(AGENTS + 1):
        tally.note(AuditEntry(float(number), Event.PROPOSED, f"a{number}"))
        tally.note(AuditEntry(float(number), Event.PROPOSED, "a0"))
    assert len(tally.seen()) == AGENTS
    assert AgentId("a1") not in tally.seen()
    assert tally.seen()[AgentId("a0")] == AGENTS
