"""A ticket lets one call run, once, soon."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from proxy.caller import Caller
from proxy.calls.tickets import SECONDS, Errand, Tickets, run_for
from proxy.errors import TicketError, status_of
from safety_core.canonical import JsonObject
from safety_core.edge.journal import Journal
from safety_core.errors import UncertainError
from safety_core.flow import effects
from safety_core.flow.answers import Entrusted
from safety_core.model.execution import ExecutionId
from safety_core.model.facts import Facts
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall, ToolResult
from safety_core.model.verdict import Verdict
from safety_core.resolve import ShellPlan

NOW = 1_000_000.0


def errand(name: str = "c1", at: float = NOW, command: str = "ls") -> Errand:
    params: JsonObject = {"command": command}
    call = ToolCall(CallId(name), TenantId("bakery"), AgentId("main"), SessionId("s"), "exec", params)
    verdict = Verdict(Level.GREEN, "reads", (), Facts("exec", "main"), False, "r1")
    return Errand(Entrusted(call, verdict, ShellPlan("ls", "/", (), 5.0)), at)


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets()
    first, second = tickets.issue(errand("c1")), tickets.issue(errand("c2"))
    assert first != second
    assert tickets.take(second, NOW).entrusted.call.id == "c2"
    assert tickets.take(first, NOW + SECONDS).entrusted.call.id == "c1"
    for used in (first, second, "0" * 32):
        with pytest.raises(TicketError) as refused:
            tickets.take(used, NOW)
        assert status_of(refused.value) == 403
        assert used not in str(refused.value)


@pytest.mark.parametrize("now", [NOW + SECONDS + 1, NOW - 1], ids=["too late", "the clock went back"])
def test_a_ticket_that_is_too_old_is_gone_for_good(now: float) -> None:
    tickets = Tickets()
    ticket = tickets.issue(errand())
    for at in (now, NOW):
        with pytest.raises(TicketError):
            tickets.take(ticket, at)
    assert len(tickets) == 0


def test_of_too_many_tickets_the_oldest_go() -> None:
    tickets = Tickets(limit=2)
    first, *others = [tickets.issue(errand(f"c{number}")) for number in range(3)]
    assert len(tickets) == 2
    with pytest.raises(TicketError):
        tickets.take(first, NOW)
    assert [tickets.take(ticket, NOW).entrusted.call.id for ticket in others] == ["c1", "c2"]


def test_large_calls_and_old_ones_make_room() -> None:
    tickets = Tickets(total=1000)
    for number in range(50):
        newest = tickets.issue(errand(f"c{number}", command="x" * 300))
    assert len(tickets) == 3
    assert tickets.take(newest, NOW).entrusted.call.id == "c49"
    tickets.issue(errand(at=NOW + SECONDS))
    assert len(tickets) == 3
    tickets.issue(errand(at=NOW + SECONDS + 1))
    assert len(tickets) == 2, "those that were too old are gone"
    assert Tickets(total=10).issue(errand(command="x" * 300)), "one of any size is kept"


async def test_what_runs_ends_with_whoever_waits_for_it(tmp_path: Path) -> None:
    journal, name = Journal(), ExecutionId("e1")
    hello = ShellPlan("echo hello", str(tmp_path), (), 5.0)
    done = await run_for(journal, Caller(), effects.Execute(hello, {}, name, "k1"))
    assert done == ToolResult("hello\n", 0, False)
    caller = Caller()
    os.mkfifo(tmp_path / "told")
    plan = ShellPlan("exec 3> told; echo here >&3; sleep 600", str(tmp_path), (), 900.0)
    running = asyncio.create_task(run_for(journal, caller, effects.Execute(plan, {}, name, "k1")))
    alive = await asyncio.to_thread((tmp_path / "told").open)
    assert alive.readline() == "here\n"
    caller.leave()
    with pytest.raises(UncertainError, match="nobody waited"):
        await running
    with alive:
        assert await asyncio.to_thread(alive.read) == "", "it is gone: nobody holds the other end"
