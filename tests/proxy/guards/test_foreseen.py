"""What models propose, judged in advance and joined with what a host reports: egress and control listener together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from proxy.calls.foresight import Foresight, _Due
from proxy.guards.foreseen import CALLS, KEPT, REPORTED, Foreseen
from safety_core.cli.demo.answers import say
from safety_core.cli.demo.model import STREAM, Received, Reply
from safety_core.edge import clock
from safety_core.edge.audit_log import AuditLog
from safety_core.errors import UnavailableError
from safety_core.flow.egress_effects import Weigh
from safety_core.model.record import AuditEntry
from safety_core.model.tool_call import AgentId, CallId, ProposedCall, SessionId, TenantId, ToolCall
from tests.proxy.control.setting import call
from tests.proxy.guards.test_interlock import CHAT, MESSAGES, TRACE, Place, place

PASSWORD = "vK7q" + "-Zr2pLx9" + "mWt4Hd"
WIPE = {"command": "rm -rf /srv/backups"}
LOOK = {"command": "ls"}


def asking(*calls: tuple[str, str, Any]) -> Any:
    """Return a script that asks for these calls: id, tool, arguments."""

    def script(request: Received) -> Reply:
        if request.anthropic:
            content = [{"type": "tool_use", "id": i, "name": tool, "input": args} for i, tool, args in calls]
            document: Any = {"type": "message", "role": "assistant", "content": content, "stop_reason": "tool_use"}
            return Reply(chunks=[json.dumps({**document, "usage": {"input_tokens": 5, "output_tokens": 5}}).encode()])
        asked = [
            {"index": n, "id": i, "type": "function", "function": {"name": tool, "arguments": _text(args)}}
            for n, (i, tool, args) in enumerate(calls)
        ]
        where = "delta" if request.streamed else "message"
        choice = {"index": 0, where: {"role": "assistant", "tool_calls": asked}, "finish_reason": "tool_calls"}
        raw = json.dumps({"id": "c1", "choices": [choice]}).encode()
        if request.streamed:
            return Reply(headers=STREAM, chunks=[b"data: %s\n\n" % raw, b"data: [DONE]\n\n"])
        return Reply(chunks=[raw])

    return script


def _text(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


@dataclass
class Scene:
    """A guarded agent whose model asks for calls, and its plugin."""

    here: Place

    async def turn(self, *calls: tuple[str, str, Any], path: str = CHAT, **fields: Any) -> None:
        self.here.model.script = asking(*calls)
        assert (await self.here.post(path=path, **fields)).status_code == 200
        await self.judged()

    async def judged(self) -> None:
        await _foresight(self.here).idle()

    async def report(self, call_id: str, tool: str, params: Any, **changes: Any) -> Any:
        told = {**call(tool, **params), "id": call_id, "session": "s1", **changes}
        return await self.here.setting.ask("/v1/decide", {"call": told, "wait": 0})

    async def proposed(self) -> list[dict[str, Any]]:
        return [entry for entry in await self.here.setting.log() if entry["event"] == "proposed"]

    async def joined(self) -> list[dict[str, int]]:
        return [entry["counts"] for entry in await self.proposed() if "exchange" not in entry]

    async def counts(self) -> Any:
        return (await self.here.status())["interlock"]["calls"]


def _foresight(here: Place) -> Foresight:
    app: Any = here.setting.edge.egress
    found = app._handlers[Weigh].__self__
    assert isinstance(found, Foresight)
    return found


@asynccontextmanager
async def scene(*, announced: bool = True, **environ: str) -> AsyncGenerator[Scene, None]:
    async with place(**environ) as here:
        assert (await here.check_in())["ok"]
        if announced:
            assert (await here.turn())["ok"]
        yield Scene(here)


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
async def test_a_proposed_call_is_judged_as_the_same_call_when_it_is_reported(path: str) -> None:
    async with scene() as here:
        await here.turn(("call_1", "exec", WIPE), path=path)
        answer = await here.report("call_1", "exec", WIPE)
        first, second = await here.proposed()
        (response,) = [entry for entry in await here.here.setting.log() if entry["event"] == "response"]
        assert first["exchange"] == response["call"]
        assert "exchange" not in second
        for field in ("agent", "subject", "call", "level", "outcome", "rules", "action_digest", "revision"):
            assert first[field] == second[field], field
        assert (first["level"], first["subject"], first["call"]) == (answer["level"], "exec", "call_1")
        assert (first["counts"], second["counts"]) == ({}, {"foreseen": 1})
        events = await here.here.events()
        assert events.index("response") < events.index("proposed")
        assert await here.counts() == {"foreseen": 1, "changed": 0, "unforeseen": 0, "unreported": 0}


async def test_judging_in_advance_asks_nobody_and_grants_nothing() -> None:
    async with scene() as here:
        await here.turn(("call_1", "exec", WIPE), ("call_2", "exec", LOOK))
        status = await here.here.status()
        assert status["approvals"] == {"pending": 0, "unsent": 0}
        assert [entry["event"] for entry in await here.here.setting.log()][-2:] == ["proposed", "proposed"]


async def test_a_stream_s_calls_are_known_before_its_end_has_been_read() -> None:
    async with scene() as here:
        await here.turn(("call_1", "exec", LOOK), stream=True)
        await here.report("call_1", "exec", LOOK)
        assert await here.joined() == [{"foreseen": 1}]


@pytest.mark.parametrize("reported", ["call_2", "call_2|fc_7", "call2"])
async def test_they_are_joined_however_the_host_spells_the_id(reported: str) -> None:
    async with scene() as here:
        await here.turn(("call_2", "exec", LOOK))
        await here.report(reported, "exec", LOOK)
        assert await here.joined() == [{"foreseen": 1}]


async def test_a_call_without_an_id_is_joined_by_what_it_is() -> None:
    async with scene() as here:
        await here.turn(("", "exec", LOOK))
        await here.report("made-by-the-host", "exec", LOOK)
        await here.report("made-by-the-host", "exec", LOOK)
        assert await here.joined() == [{"foreseen": 1}, {"foreseen": 1}]
        assert (await here.counts())["foreseen"] == 1
        await here.turn(("", "exec", LOOK))
        await here.report("another", "exec", WIPE)
        assert (await here.joined())[-1] == {"changed": 1}


@pytest.mark.parametrize(("tool", "params"), [("exec", WIPE), ("read", {"path": "x"})])
async def test_another_tool_or_other_arguments_than_the_model_proposed_are_told(tool: str, params: Any) -> None:
    async with scene() as here:
        await here.turn(("call_1", "exec", LOOK))
        await here.report("call_1", tool, params)
        assert await here.joined() == [{"changed": 1}]
        assert (await here.counts())["changed"] == 1


async def test_a_call_that_no_model_proposed_is_told_of_a_guarded_agent() -> None:
    async with scene() as here:
        await here.turn(("call_1", "exec", LOOK))
        await here.report("call_9", "exec", LOOK)
        await here.report("call_9", "exec", LOOK)
        assert await here.joined() == [{"unforeseen": 1}, {"unforeseen": 1}]
        assert (await here.counts())["unforeseen"] == 1


async def test_nothing_is_claimed_where_nothing_can_be_known() -> None:
    async with scene(announced=False) as here:
        await here.report("call_1", "exec", LOOK)  # its turn began before this process did
        await here.report("call_2", "exec", LOOK, agent="somebody")  # nobody must have a plugin
        assert await here.joined() == [{}, {}]
    async with scene(SAFETY_EDGE_EGRESS_INTERLOCK="off") as here:
        await here.report("call_1", "exec", LOOK)
        assert await here.joined() == [{}]


async def test_a_call_that_another_call_makes_is_no_stranger() -> None:
    async with scene() as here:
        outer = {**call("tool_call", name="exec"), "id": "outer", "session": "s1"}
        await here.here.setting.ask("/v1/decide", {"call": outer, "wait": 0, "nested": True})
        await here.report("inner", "exec", LOOK)
        assert (await here.joined())[-1] == {}


async def test_secrets_are_compared_as_references_and_stand_nowhere() -> None:
    async with scene() as here:
        here.here.setting.put(DB_PASSWORD=PASSWORD)
        await here.turn(("call_1", "exec", {"command": f"login {PASSWORD}"}))
        await here.report("call_1", "exec", {"command": "login SECRET_REF(DB_PASSWORD)"})
        assert await here.joined() == [{"foreseen": 1}]
        assert PASSWORD not in json.dumps(await here.here.setting.log())


@pytest.mark.parametrize("arguments", ["{", "[1]", '{"a": 1, "a": 2}'])
async def test_what_no_host_could_run_is_on_record_without_a_level(arguments: str) -> None:
    async with scene() as here:
        await here.turn(("call_1", "exec\x1b[31m", arguments))
        (entry,) = await here.proposed()
        assert (entry["level"], entry["rules"], entry["subject"]) == ("", ["unread arguments"], "exec [31m")
        assert await here.report("call_1", "exec", LOOK)
        assert (await here.joined())[-1] == {}, "what cannot be compared is not called changed"


async def test_without_a_policy_it_is_on_record_why_it_was_not_judged() -> None:
    async with scene() as here:
        await _foresight(here.here)._judged(_due("call_1"))
        here.here.setting.edge.in_force._force = None
        await _foresight(here.here)._judged(_due("call_2"))
        first, second = await here.proposed()
        assert (first["outcome"] != "", second["rules"]) == (True, ["NoPolicyError"])


def _due(call_id: str) -> Any:
    return _Due("e" * 32, AgentId("main"), SessionId("s1"), ProposedCall(call_id, "exec", {"command": "ls"}))


async def test_a_failure_changes_nothing_of_the_response_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    appended = AuditLog.append

    async def append(self: AuditLog, entry: AuditEntry) -> int:
        if entry.event.value == "proposed":
            raise UnavailableError("disk", "is full")
        return await appended(self, entry)

    monkeypatch.setattr(AuditLog, "append", append)
    async with scene() as here:
        await here.turn(("call_1", "exec", LOOK))
        assert "is not on record: disk: is full" in capsys.readouterr().err


async def test_what_waits_to_be_judged_is_bounded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("proxy.calls.foresight.HELD", 40)
    monkeypatch.setattr("proxy.calls.foresight.BEHIND", 2)
    async with scene() as here:
        await here.turn(("a", "exec", LOOK), ("b", "exec", {"command": "ls " * 20}), ("c", "exec", LOOK))
        first, second = await here.proposed()
        assert (first["call"], first["level"] != "", second["call"], second["level"]) == ("a", True, "b", "")
        assert "1 proposed calls of exchange" in capsys.readouterr().err
        await here.turn(("d", "exec", LOOK))
        assert (await here.proposed())[-1]["level"] != "", "room is given back"


async def test_an_agent_without_a_plugin_has_its_calls_on_record_too() -> None:
    async with place(SAFETY_EDGE_EGRESS_REQUIRE_PLUGIN="[]") as here:
        only = Scene(here)
        await only.turn(("call_1", "exec", WIPE))
        (entry,) = await only.proposed()
        assert (entry["agent"], entry["subject"], entry["level"] != "") == ("main", "exec", True)


async def test_an_answer_that_asks_for_nothing_leaves_nothing() -> None:
    async with scene() as here:
        here.here.model.script = say("a tool_call is a thing")
        await here.here.post()
        assert await here.proposed() == []
        assert _foresight(here.here)._task is None


MAIN = AgentId("main")


def reported(call_id: str = "call_1", tool: str = "exec", agent: AgentId = MAIN, **params: Any) -> ToolCall:
    return ToolCall(CallId(call_id), TenantId("bakery"), agent, SessionId("s1"), tool, params)


def one(call_id: str, **params: Any) -> ProposedCall:
    return ProposedCall(call_id, "exec", params)


def known(guarded: Sequence[AgentId] = (MAIN,)) -> Foreseen:
    found = Foreseen(lambda agent: agent in guarded)
    found.turn(MAIN, SessionId("s1"), TRACE)
    return found


def test_a_call_that_is_never_reported_is_counted_and_one_that_comes_late_no_longer() -> None:
    found, now = known(), clock.now()
    found.note(MAIN, (one("call_1"), one("call_2"), ProposedCall("call_3", "exec", None)), now - REPORTED - 1)
    found.note(MAIN, (one("call_4"),), now)
    assert found.to_json(now)["unreported"] == 2, "what could not have been run is not missed"
    assert found.report(reported("call_1")) == {"foreseen": 1}
    assert found.to_json(now)["unreported"] == 1
    found.reported(reported("call_2"))
    assert found.to_json(now)["unreported"] == 0
    others = known(guarded=())
    others.note(MAIN, (one("call_1"),), now - REPORTED - 1)
    assert others.to_json(now)["unreported"] == 0


def test_calls_of_a_response_that_broke_off_are_not_missed() -> None:
    found, now = known(), clock.now()
    calls = (one("call_1"), one(""))
    found.note(MAIN, (*calls, one("call_2")), now - REPORTED - 1)
    assert found.to_json(now)["unreported"] == 3
    found.excuse(MAIN, calls)
    found.excuse(AgentId("nobody"), calls)
    assert found.to_json(now)["unreported"] == 1


async def test_a_client_that_leaves_a_stream_has_taken_up_none_of_its_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    excused, excuse = asyncio.Event(), Foreseen.excuse

    def seen(self: Foreseen, agent: AgentId, calls: tuple[ProposedCall, ...]) -> None:
        excuse(self, agent, calls)
        excused.set()

    monkeypatch.setattr(Foreseen, "excuse", seen)
    async with scene() as here:
        whole = asking(("call_1", "exec", LOOK))
        never = asyncio.Event()

        def stalled(request: Received) -> Reply:
            reply = whole(request)
            return Reply(headers=reply.headers, chunks=[*reply.chunks, never])

        here.here.model.script = stalled
        body = {"model": "m-1", "stream": True, "messages": [{"role": "user", "content": "x"}]}
        headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        async with here.here.client.stream("POST", CHAT, json=body, headers=headers) as response:
            await anext(response.aiter_raw())
        await excused.wait()
        assert all(known.reported for known in _foresight(here.here)._foreseen._agents[MAIN].calls)


def test_what_is_old_or_too_much_is_forgotten_and_then_nothing_is_claimed() -> None:
    found, now = known(), clock.now()
    found.note(MAIN, (one("call_1"),), now - KEPT - 1)
    assert found.report(reported("call_1")) == {}, "more than an hour ago"
    found = known()
    assert found.report(reported("call_1")) == {"unforeseen": 1}
    for number in range(CALLS + 1):
        found.note(MAIN, (one(f"c{number}x"),), now)
    assert found.report(reported("c0x")) == {}
    assert found.report(reported("c1x")) == {"foreseen": 1}


def test_a_response_that_is_fetched_twice_proposes_once() -> None:
    found, now = known(), clock.now()
    assert found.note(MAIN, (one("call_1"), one("call_1", a=1)), now) == (one("call_1"), one("call_1", a=1))
    assert found.note(MAIN, (one("call_1"), one("call_2")), now) == (one("call_2"),)
    assert len(found.note(MAIN, (one(""), one("")), now)) == 2, "without an id each is another"
    assert found.report(reported("call_1", a=1)) == {"foreseen": 1}, "the same id, given to two calls"
    assert found.report(reported("call_1")) == {"foreseen": 1}


def test_the_session_of_a_request_is_that_of_its_turn() -> None:
    found = known()
    assert (found.session(MAIN, TRACE), found.session(MAIN, "b" * 32), found.session(MAIN, "")) == ("s1", "", "")
