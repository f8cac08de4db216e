"""What the plugin asks of the control listener about secrets and messages, over a real socket and real stores."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from proxy.calls.tickets import SECONDS
from proxy.control.routes import LOCAL
from safety_core.edge import clock
from safety_core.errors import UnscannableError
from safety_core.match.one_way import OneWayNeedle
from safety_core.model.approval import RequestId
from safety_core.model.secret import SecretName
from tests.proxy.control.setting import Setting, bundle, call, control
from tests.safety_core.match.test_one_way import found_in

KEYS = """
default_tier: trusted
agents:
  main: {tier: autonomous}
  baker: {tier: trusted, secrets: [flour_key]}
  boxed: {tier: trusted, sandbox: required}
"""
PLAIN = "Planted" + secrets.token_hex(12) + "Qz"
ECHO = 'printf "%s, %s" "SECRET_REF(shop_key)" "$PWD"'


@pytest.fixture
async def here(short_path: Path) -> AsyncGenerator[Setting, None]:
    async with control(short_path, bundle(KEYS)) as setting:
        setting.put(shop_key=PLAIN, flour_key=secrets.token_hex(12))
        yield setting


async def test_a_command_with_a_secret_runs_by_its_ticket_once(here: Setting) -> None:
    (here.workspace / "shop").mkdir()
    told = await here.decide("exec", command=ECHO, workdir="shop", yieldMs=10)
    assert told["decision"] == "allow"
    ran = await here.redeem(told["ticket"])
    assert (ran["status"], ran["exit"], ran["findings"]) == ("executed", 0, 1)
    assert ran["output"] == f"SECRET_REF(shop_key), {here.workspace / 'shop'}"
    again = await here.client.post("/v1/redeem", json={"ticket": told["ticket"]})
    assert again.status_code == 403
    assert [entry["event"] for entry in await here.log()] == ["proposed", "permitted", "executed"]


async def test_no_ticket_where_none_is_needed(here: Setting) -> None:
    assert "ticket" not in await here.decide("exec", command="ls")
    assert "ticket" not in await here.decide("exec", command=f"printf %s '{PLAIN}' | wc -c")


async def test_a_ticket_can_be_too_old(here: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await here.decide("exec", command=ECHO)
    later = clock.now() + SECONDS + 1
    monkeypatch.setattr("proxy.calls.call.clock.now", lambda: later)
    refused = await here.client.post("/v1/redeem", json={"ticket": told["ticket"]})
    assert refused.status_code == 403
    assert told["ticket"] not in refused.text


async def test_a_ticket_of_another_policy_lets_nothing_run(here: Setting) -> None:
    told = await here.decide("exec", command=f"touch ran; {ECHO}")
    await here.edge.in_force.activate(bundle(KEYS, "r2"))
    ran = await here.redeem(told["ticket"])
    assert (ran["status"], ran["rule"]) == ("refused", "TicketError")
    assert not (here.workspace / "ran").exists()


async def test_the_kill_switch_stops_what_was_decided_before(here: Setting) -> None:
    told = await here.decide("exec", command=f"touch ran; {ECHO}")
    await here.ask("/v1/halt", {"agent": "main", "halt": True, "reason": "strange"})
    ran = await here.redeem(told["ticket"])
    assert (ran["status"], ran["rule"]) == ("refused", "HaltedError")
    assert not (here.workspace / "ran").exists()
    assert (await here.decide("exec", command="ls"))["decision"] == "block"


@pytest.mark.parametrize("who", ["baker", "*"])
@pytest.mark.parametrize("path", ["decide", "run"])
async def test_the_kill_switch_stops_a_call_that_waits_for_a_person(here: Setting, who: str, path: str) -> None:
    body = {"call": call("exec", agent="baker", command="rm -r all"), "wait": 30}
    asked = (await here.ask("/v1/decide", {**body, "wait": 0}))["approval"]["id"]
    asking = asyncio.create_task(here.ask(f"/v1/{path}", body))
    store = here.edge.control.calls.services.approvals
    async with asyncio.timeout(60):
        while RequestId(asked) not in store._waiting:
            await here.client.get("/v1/status")
    await here.ask("/v1/halt", {"agent": who, "halt": True, "reason": "strange"})
    await here.approve(asked)
    answer = await asking
    assert (answer.get("decision") or answer["status"]) in {"block", "refused"}
    assert "was halted by a person: strange" in answer["reason"]
    assert (await here.log())[-1]["event"] == "refused"


async def test_the_kill_switch_holds_however_the_name_is_spelt(here: Setting) -> None:
    await here.ask("/v1/halt", {"agent": " Main", "halt": True, "reason": "strange"})
    refused = await here.decide("exec", command="ls")
    assert (refused["decision"], refused["rule"]) == ("block", "HaltedError")
    assert (await here.decide("exec", agent="MAIN", command="ls"))["decision"] == "block"
    assert (await here.decide("exec", agent="baker", command="ls"))["decision"] == "allow"
    await here.ask("/v1/halt", {"agent": "mAIN", "halt": False, "reason": ""})
    assert (await here.decide("exec", command="ls"))["decision"] == "allow"


async def test_many_who_redeem_one_ticket_run_it_once(here: Setting) -> None:
    told = await here.decide("exec", command=f"echo run >> runs; {ECHO}")
    answers = await asyncio.gather(*(here.client.post("/v1/redeem", json={"ticket": told["ticket"]}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[403] * 7]
    assert (here.workspace / "runs").read_text() == "run\n"


async def test_what_nobody_waits_for_any_more_is_ended_and_recorded(here: Setting) -> None:
    os.mkfifo(here.workspace / "told")
    told = await here.decide("exec", command=f"{ECHO}; exec 3> told; echo here >&3; sleep 600")
    asking = asyncio.create_task(here.client.post("/v1/redeem", json={"ticket": told["ticket"]}))
    alive = await asyncio.to_thread((here.workspace / "told").open)
    assert alive.readline() == "here\n"
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    async with asyncio.timeout(60):
        while (await here.log())[-1]["event"] != "refused":
            await here.client.get("/v1/status")
    assert [entry["event"] for entry in await here.log()][-2:] == ["failed", "refused"]
    with alive:
        assert await asyncio.to_thread(alive.read) == "", "it is gone: nobody holds the other end"


async def test_a_request_with_a_secret_asks_and_runs_by_the_ticket_of_its_grant(here: Setting) -> None:
    params: dict[str, Any] = {"url": "http://127.0.0.1:1/v1", "headers": {"X-Key": "SECRET_REF(shop_key)"}}
    assert "ticket" in await here.decide("http_request", url="http://127.0.0.1:1/v1")
    params["url"] = "https://shop.example/v1"
    pending = await here.decide("http_request", agent="baker", url=params["url"], method="POST", body={"n": 1})
    assert pending["decision"] == "pending"
    await here.approve(pending["approval"]["id"])
    told = await here.decide("http_request", agent="baker", url=params["url"], method="POST", body={"n": 1})
    assert told["ticket"]
    again = await here.decide("http_request", agent="baker", url=params["url"], method="POST", body={"n": 1})
    assert again["decision"] == "pending"


async def test_a_secret_beyond_the_manifest_is_refused_and_not_named(here: Setting) -> None:
    told = await here.decide("exec", agent="baker", command=ECHO)
    assert (told["decision"], told["rule"]) == ("block", "manifest: baker may not use the secret shop_key")
    assert await here.ask("/v1/secrets", {"agent": "baker"}) == {"names": ["flour_key"]}
    assert await here.ask("/v1/secrets", {"agent": "main"}) == {"names": ["flour_key", "shop_key"]}


async def test_where_a_secret_cannot_be_used_the_answer_says_where(here: Setting) -> None:
    for tool, params in (("write", {"path": "a", "content": "SECRET_REF(shop_key)"}), ("exec", {"command": ECHO})):
        told = await here.decide(tool, agent="boxed", **params)
        assert told["decision"] == "block"
        assert "http_request" in told["reason"]


def said(content: str, **changes: Any) -> dict[str, Any]:
    session = "agent:baker:main"
    place = {"agent": "baker", "session": session, "channel": "telegram", "to": "4711"}
    return {**place, "content": content, **changes}


async def test_who_wrote_is_answered_without_secrets(here: Setting) -> None:
    text = f"Your key is {PLAIN}."
    assert (await here.ask("/v1/outbound", said("Hello.")))["decision"] == "pending"
    told = await here.ask("/v1/outbound", said(text))
    assert (told["decision"], told["rule"]) == ("block", "manifest: baker may not use the secret shop_key")
    heard = {"agent": "baker", "session": "agent:baker:main", "channel": "telegram", "from": "4711"}
    assert await here.ask("/v1/inbound", heard) == {"ok": True}
    told = await here.ask("/v1/outbound", said(text))
    assert (told["decision"], told["content"]) == ("allow", "Your key is SECRET_REF(shop_key).")
    assert (await here.ask("/v1/outbound", said("Hello.", to="4712")))["decision"] == "pending"
    assert (await here.ask("/v1/outbound", said(text, channel="webchat", to="")))["decision"] == "allow"


async def test_who_wrote_is_answered_after_a_restart(short_path: Path) -> None:
    heard = {"agent": "baker", "session": "agent:baker:main", "channel": "telegram", "from": "4711"}
    async with control(short_path, bundle(KEYS)) as before:
        await before.ask("/v1/inbound", heard)
    async with control(short_path, bundle(KEYS)) as after:
        assert (await after.ask("/v1/outbound", said("Hello again.")))["decision"] == "allow"


async def test_what_a_person_approved_may_be_sent_and_sent_again_in_parts(here: Setting) -> None:
    pending = await here.ask("/v1/outbound", said("Bread is ready."))
    assert (pending["decision"], pending["content"]) == ("pending", "")
    await here.approve(pending["approval"]["id"])
    assert (await here.ask("/v1/outbound", said("Bread is ready.")))["decision"] == "allow"
    assert (await here.ask("/v1/outbound", said("And milk.")))["decision"] == "allow"


async def test_a_permitted_message_reaches_whom_it_names(here: Setting) -> None:
    params = {"action": "send", "channel": "telegram", "to": "4800", "message": "Bread is ready."}
    nested = {"call": call("tool_call", agent="baker", id="message", args=params), "nested": True}
    assert (await here.ask("/v1/decide", nested))["decision"] == "allow"
    assert (await here.ask("/v1/outbound", said("Bread is ready.", to="4800")))["decision"] == "pending"
    pending = await here.decide("message", agent="baker", **params)
    await here.approve(pending["approval"]["id"])
    assert (await here.decide("message", agent="baker", **params))["decision"] == "allow"
    assert (await here.ask("/v1/outbound", said("Bread is ready.", to="telegram:4800")))["decision"] == "allow"


async def test_a_halted_agent_sends_nothing_of_its_own_but_what_it_says_to_its_operator_is_shown(here: Setting) -> None:
    await here.ask("/v1/halt", {"agent": "baker", "halt": True, "reason": "strange"})
    told = await here.ask("/v1/outbound", said("Bread is ready."))
    assert (told["decision"], told["content"]) == ("block", "")
    assert (await here.ask("/v1/outbound", said("I was halted.", channel="webchat")))["decision"] == "allow"


async def test_what_cannot_be_redacted_does_not_leave(here: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise UnscannableError("value", "is nested too deep")

    monkeypatch.setattr("safety_core.redact.redactor.Redactor.value", broken)
    told = await here.ask("/v1/outbound", said("Bread is ready.", channel="webchat"))
    assert (told["decision"], told["content"], told["rule"]) == ("block", "", "UnscannableError")


async def test_where_nobody_knows_who_wrote_nothing_is_said(here: Setting) -> None:
    database = here.edge.control.calls.correspondents._store._database
    await database.read(lambda db: db.execute("DROP TABLE wrote"))
    for path, body in (
        ("/v1/outbound", said("Bread is ready.")),
        ("/v1/inbound", {"agent": "baker", "session": "s", "channel": "telegram", "from": "4711"}),
    ):
        answer = await here.client.post(path, json=body)
        assert answer.status_code == 500
        assert "content" not in answer.json()


async def test_the_needles_find_what_they_do_not_tell(here: Setting) -> None:
    answer = await here.client.get("/v1/needles?agent=baker")
    told = answer.json()
    needles = tuple(
        OneWayNeedle(needle["n"], needle["f"], needle["h"], SecretName(needle["ref"][len("SECRET_REF(") : -1]))
        for needle in told["needles"]
    )
    assert found_in(f"It is {PLAIN}.", needles, bytes.fromhex(told["key"])) == "It is SECRET_REF(shop_key)."
    assert (len(told["key"]), told["window"]) == (32, 8)
    check_in = {"agent": "baker", "plugin": "openclaw", "version": "1"}
    assert (await here.ask("/v1/check-in", check_in))["needles"] == told["version"]
    here.put(milk_key=secrets.token_hex(12))
    assert (await here.ask("/v1/check-in", check_in))["needles"] != told["version"]
    assert "SECRET_REF(milk_key)" in (await here.client.get("/v1/needles?agent=main")).text


async def test_what_is_over_is_on_record(here: Setting) -> None:
    assert await here.ask("/v1/ended", {"call": call("bash", command="ls"), "ms": 7, "error": False}) == {"ok": True}
    entry = (await here.log())[-1]
    assert (entry["event"], entry["subject"], entry["counts"]) == ("ended", "exec", {"ms": 7, "error": 0})


async def test_a_secret_planted_in_every_message_is_told_nobody(here: Setting) -> None:
    odd = f"x{PLAIN}"
    planted = {"id": odd, "tool": odd, "params": {odd: [odd]}, "agent": odd, "session": odd}
    bodies: dict[str, Any] = {
        "/v1/decide": {"call": planted},
        "/v1/redeem": {"ticket": odd},
        "/v1/ended": {"call": planted, "ms": 1, "error": True},
        "/v1/outbound": said(odd, agent=odd, session=odd, channel=odd, to=odd),
        "/v1/inbound": {"agent": odd, "session": odd, "channel": odd, "from": odd},
        "/v1/secrets": {"agent": odd},
    }
    answers = [await here.client.post(path, json=body) for path, body in bodies.items()]
    answers += [await here.client.post(path, json={odd: odd, **body}) for path, body in bodies.items()]
    answers += [await here.client.get(f"/v1/needles?agent={odd}"), await here.client.get("/v1/status")]
    await here.ask("/v1/halt", {"agent": "*", "halt": True, "reason": "strange"})
    answers += [await here.client.post(path, json=body) for path, body in bodies.items()]
    told = "".join(answer.text for answer in answers) + json.dumps(await here.log())
    assert PLAIN not in told
    assert "shop_key" in told
    files = [path for path in here.workspace.parent.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert PLAIN.encode() not in path.read_bytes(), path


async def test_no_policy_means_no_ticket_no_name_and_no_message(here: Setting) -> None:
    told = await here.decide("exec", command=ECHO)
    here.edge.in_force._force = None
    assert (await here.redeem(told["ticket"]))["rule"] == "NoPolicyError"
    assert (await here.client.post("/v1/secrets", json={"agent": "main"})).status_code == 403
    assert (await here.ask("/v1/outbound", said("Bread is ready.", channel="webchat")))["decision"] == "block"


async def test_a_stranger_s_farewell_makes_no_room_for_subagents(here: Setting) -> None:
    for number in range(4):
        session = f"agent:baker:subagent:{number}"
        await here.ask("/v1/spawned", {"agent": "baker", "session": session, "parent": "agent:baker:main"})
    await here.ask("/v1/check-out", {"agent": "baker", "process": "0" * 32})
    refused = await here.decide("sessions_spawn", agent="baker", task="bake")
    assert (refused["decision"], "4 are running" in refused["reason"]) == ("block", True)


async def test_what_the_doctor_found_is_told_and_only_the_unix_socket_takes_it(here: Setting) -> None:
    assert (await here.client.get("/v1/status")).json()["posture"] is None
    found = {"at": 1_800_000_000, "uid": 1001, "results": {"dns_udp": "open", "icmp": "blocked"}}
    assert await here.ask("/v1/posture", found) == {"ok": True}
    assert (await here.client.get("/v1/status")).json()["posture"] == found
    refused = await here.client.post("/v1/posture", json={**found, "note": PLAIN})
    assert refused.status_code == 400
    assert PLAIN not in refused.text
    assert "/v1/posture" in LOCAL
