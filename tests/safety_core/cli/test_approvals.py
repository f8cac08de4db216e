"""An owner answers from a terminal, and the edge gets what its policy accepts."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from hub import admin
from hub.store.tokens import TokenKind
from safety_core.approve import code, key_id, new_request
from safety_core.canonical import Digest, JsonObject, digest
from safety_core.cli.main import run
from safety_core.edge.hub import HubClient
from safety_core.edge.key_file import read_key_file
from safety_core.edge.shipped import bundle_of, shipped_sources
from safety_core.model.approval import ApprovalRequest, RequestId
from safety_core.model.facts import Facts
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.model.verdict import Verdict
from tests.simulators.hub import START, question, running_hub
from tests.simulators.policies import policy

Answer = tuple[int, str, str]


async def safety(capfd: pytest.CaptureFixture[str], *arguments: str) -> Answer:
    capfd.readouterr()
    status = await asyncio.to_thread(run, ["approvals", *arguments])
    return (status, *capfd.readouterr())


def honest(asked: ApprovalRequest, *volatile: str) -> ApprovalRequest:
    """Return a question whose digest is that of the call it shows."""
    params: JsonObject = {name: value for name, value in asked.params.items() if name not in volatile}
    parts: JsonObject = {"tenant": asked.tenant, "agent": asked.agent, "tool": asked.tool, "params": params}
    return replace(asked, action_digest=digest(parts))


async def test_a_terminal_is_enough_to_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safety_core.edge.clock.now", lambda: START + 60)
    key_file = tmp_path / "olga.key"
    status, printed, _ = await safety(capfd, "keygen", str(key_file))
    own = SigningKey(read_key_file(key_file)).verify_key
    assert status == 0
    pinned = ApproverKey(key_id(KeyKind.PERSON, own), KeyKind.PERSON, bytes(own).hex(), Level.CRITICAL_RED)
    sources = {**shipped_sources(), "approvers.yaml": printed.encode()}
    assert bundle_of(sources).policy.approvers == (pinned,)
    async with running_hub(tmp_path / "hub") as hub:
        edge = await hub.edge("acme")
        token = await admin.add_person(hub.context, TokenKind.APPROVER, "acme", "olga", bytes(own).hex())
        monkeypatch.setenv("SAFETY_HUB", hub.url)
        monkeypatch.setenv("SAFETY_APPROVER_TOKEN", token)
        assert (await safety(capfd, "list"))[2] == "nothing to answer\n"

        plain, strong = honest(question()), honest(question(strong=True, params={"command": "mkfs /dev/sda"}))
        never = question(reason="evil \x1b[2J\u202e words")
        for asked in (plain, strong, never):
            await edge.push_approval(asked)
        status, printed, _ = await safety(capfd, "list")
        assert len(printed.splitlines()) == 3
        assert f"{plain.tool} {json.dumps(plain.params)[:40]}" in printed
        assert "\x1b" not in printed
        assert "\u202e" not in printed
        ids = (await safety(capfd, "list", "--ids", "--agent", plain.agent))[1].splitlines()
        assert ids == [line.partition(" ")[0] for line in printed.splitlines()]  # the newest first
        assert (await safety(capfd, "list", "--ids", "--agent", "nobody"))[:2] == (0, "")
        assert "Fix: give one of the two" in (await safety(capfd, "list", "--ids", "--json"))[2]
        status, printed, _ = await safety(capfd, "show", plain.id, "--json")
        assert json.loads(printed)["code"] == code(plain.action_digest)

        status, _, said = await safety(capfd, "approve", plain.id)
        assert (status, "Fix: look at it, then add --yes" in said) == (2, True)
        assert (await safety(capfd, "list"))[1].count(" pending ") == 3
        assert (await safety(capfd, "approve", plain.id, "--yes"))[:2] == (0, f"{plain.id} granted\n")
        assert (await safety(capfd, "deny", never.id))[:2] == (0, f"{never.id} denied\n")
        status, _, said = await safety(capfd, "approve", strong.id, "--yes")
        assert status == 1
        assert f"Fix: safety approvals approve {strong.id} --key FILE" in said
        status, printed, said = await safety(capfd, "approve", strong.id, "--yes", "--key", str(key_file))
        assert (status, printed) == (0, f"{strong.id} granted\n")
        assert code(strong.action_digest) in said

        status, _, said = await safety(capfd, "deny", plain.id)
        assert status == 1
        assert "is already granted by olga" in said
        status, printed, _ = await safety(capfd, "list", "--state", "any", "--json")
        assert {json.loads(line)["decided_by"] for line in printed.splitlines()} == {"olga"}
        grants = (await edge.decisions(0)).grants
        assert [(grant.request, grant.allow) for grant in grants] == [
            (plain.id, True),
            (never.id, False),
            (strong.id, True),
        ]


async def test_what_is_printed_for_a_chat_channel_pins_the_edges_own_key(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    status, printed, _ = await safety(capfd, "channel", "--home", str(tmp_path / "edge"))
    key = SigningKey(read_key_file(tmp_path / "edge" / "keys" / "edge.key")).verify_key
    assert status == 0
    sources = {**shipped_sources(), "approvers.yaml": printed.encode()}
    pinned = ApproverKey(key_id(KeyKind.CHANNEL, key), KeyKind.CHANNEL, bytes(key).hex(), Level.YELLOW_EXTERNAL)
    assert bundle_of(sources).policy.approvers == (pinned,)
    assert (await safety(capfd, "channel", "--home", str(tmp_path / "edge")))[1] == printed


async def test_nobody_allows_another_call_than_the_one_they_are_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await safety(capfd, "keygen", str(tmp_path / "o.key"))
    async with running_hub(tmp_path / "hub") as hub:
        edge = await hub.edge("acme")
        exact, but_one = honest(question()), honest(question(params={"command": "ls", "timeout": 5}), "timeout")
        lie = replace(honest(question(params={"command": "rm -rf /"})), params={"command": "ls"})
        token = await admin.add_person(hub.context, TokenKind.APPROVER, "acme", "o")
        monkeypatch.setenv("SAFETY_APPROVER_TOKEN", token)
        for asked, words in (
            (exact, "covers exactly what is shown"),
            (but_one, "covers all but timeout"),
            (lie, "DOES NOT COVER"),
        ):
            await edge.push_approval(asked)
            assert words in (await safety(capfd, "show", asked.id, "--hub", hub.url))[1]
        for key in ([], ["--key", str(tmp_path / "o.key")]):
            status, _, said = await safety(capfd, "approve", lie.id, "--hub", hub.url, "--yes", *key)
            assert (status, "is not that of the call that is shown" in said) == (1, True)
        assert (await safety(capfd, "deny", lie.id, "--hub", hub.url, "--yes"))[0] == 0


async def test_what_is_missing_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "SAFETY_APPROVER_TOKEN" not in os.environ
    for arguments, words in (
        (["list"], "--hub"),
        (["list", "--hub", "http://127.0.0.1:1"], "token: is not given"),
        (["list", "--hub", "http://127.0.0.1:1", "--token-file", str(tmp_path / "none")], "cannot be read"),
        (["show", "../x", "--hub", "http://127.0.0.1:1", "--token-file", __file__], "token"),
    ):
        status, _, said = await safety(capfd, *arguments)
        assert status == 2
        assert words in said


async def test_a_machine_registers_itself(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        hub.clock.now = time.time()
        (tmp_path / "token").write_text(await admin.add_tenant(hub.context, "acme") + "\n")
        options = ["--hub", hub.url, "--token-file", str(tmp_path / "token"), "--home", str(tmp_path / "home")]
        for _ in range(2):
            assert await asyncio.to_thread(run, ["tenant", "register", "acme", *options]) == 0
        key = SigningKey(read_key_file(tmp_path / "home" / "keys" / "edge.key"))
        assert key.verify_key.encode().hex() in capfd.readouterr().out
        async with HubClient(hub.url, TenantId("acme"), key) as edge:
            assert (await edge.decisions(0)).grants == ()


async def test_an_answer_covers_the_scripts_that_a_call_runs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ToolCall(CallId("c"), TenantId("acme"), AgentId("shop"), SessionId("s"), "exec", {"command": "sh run.sh"})
    verdict = Verdict(Level.RED, "r", (), Facts("exec", "shop"), outward=False, revision="r1")
    text = Digest("ab" * 32)
    asked = new_request(
        RequestId("1" * 32), call, verdict, policy(), strong=False, now=START, relies_on={"/srv/run.sh": text}
    )
    async with running_hub(tmp_path / "hub") as hub:
        edge = await hub.edge("acme")
        monkeypatch.setenv("SAFETY_HUB", hub.url)
        token = await admin.add_person(hub.context, TokenKind.APPROVER, "acme", "o")
        monkeypatch.setenv("SAFETY_APPROVER_TOKEN", token)
        await edge.push_approval(asked)
        shown = (await safety(capfd, "show", asked.id))[1]
        assert "runs      /srv/run.sh (sha256 abababababababab...)" in shown
        assert "covers exactly what is shown" in shown
        lie = replace(asked, id=RequestId("2" * 32), files={"/srv/run.sh": Digest("cd" * 32)})
        await edge.push_approval(lie)
        assert "DOES NOT COVER" in (await safety(capfd, "show", lie.id))[1]


async def test_several_people_are_counted_and_a_question_can_be_ended(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = (await safety(capfd, "keygen", str(tmp_path / "ann.key"), "--name", 'Ann "A"'))[1]
    key = bundle_of({**shipped_sources(), "approvers.yaml": printed.encode()}).policy.approvers[0]
    assert key.names == {'Ann "A"'}
    monkeypatch.setattr("safety_core.edge.clock.now", lambda: START + 60)
    asked = honest(question(quorum=2, recipients=("ann@x.example",), amounts=("499.00 EUR",)))
    other = honest(question(params={"command": "ls"}))
    async with running_hub(tmp_path / "hub") as hub:
        edge = await hub.edge("acme")
        monkeypatch.setenv("SAFETY_HUB", hub.url)
        for one in (asked, other):
            await edge.push_approval(one)
        tokens = [await admin.add_person(hub.context, TokenKind.APPROVER, "acme", name) for name in ("ann", "bob")]
        monkeypatch.setenv("SAFETY_APPROVER_TOKEN", tokens[0])
        shown = (await safety(capfd, "show", asked.id))[1]
        for words in ("reaches   ann@x.example", "amounts   499.00 EUR", "people    2 have to say yes, 2 missing"):
            assert words in shown
        told = (await safety(capfd, "approve", asked.id, "--yes"))[1]
        assert told == f"{asked.id} pending: 1 more have to say yes\n"
        assert "red (1 missing)" in (await safety(capfd, "list"))[1]
        monkeypatch.setenv("SAFETY_APPROVER_TOKEN", tokens[1])
        assert (await safety(capfd, "approve", asked.id, "--yes"))[1] == f"{asked.id} granted\n"
        assert (await safety(capfd, "cancel", other.id))[1] == f"{other.id} cancelled\n"
        assert (await safety(capfd, "cancel", asked.id))[0] == 1
