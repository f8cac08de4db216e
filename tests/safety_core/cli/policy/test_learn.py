"""`safety policy shadow report` and `propose`: what a candidate says, and what people approved again and again."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from safety_core.canonical import Digest, JsonObject
from safety_core.edge.approvals import ApprovalStore
from safety_core.errors import InputError
from safety_core.flow.compared import Judged
from safety_core.flow.shadowed import difference_line, start_line, summary_line, trouble_line
from safety_core.model.approval import ApprovalRequest, Grant, KeyId, RequestId
from safety_core.model.facts import Action, Facts, Kind
from safety_core.model.level import Level, Outcome
from safety_core.model.tool_call import AgentId, SessionId, TenantId
from tests.safety_core.cli.policy.conftest import Run, write
from tests.simulators.small_policy import SMALL

NOW = 1_800_000_000.0


def report(folder: Path, *lines: JsonObject, name: str = "edge/shadow.jsonl") -> None:
    write(folder, {name: b"".join(json.dumps(line).encode() + b"\n" for line in lines)})


def differs() -> JsonObject:
    facts = Facts("exec", "main", (Action(Kind.DESTROY, "rm", "rm"),))
    low, high = Judged(Level.YELLOW, Outcome.ALLOW, "changes"), Judged(Level.RED, Outcome.ASK, "deletes")
    return difference_line(NOW, facts, "ab" * 32, low, high)


def test_a_report_says_what_the_candidate_would_have_done(run: Run, folder: Path) -> None:
    report(
        folder,
        start_line(NOW, "old", "new"),
        differs(),
        trouble_line(NOW, "gave no answer"),
        trouble_line(NOW, "gave no answer"),
        summary_line(NOW, 40, 1, 3),
        {"torn": 1},
    )
    found = run("shadow", "report")
    assert "40 calls judged by the policy in force and by the candidate (new)" in found.output
    assert "3 calls passed over: the candidate was behind" in found.output
    assert "trouble: gave no answer (2 times)" in found.output
    assert "1 line could not be read" in found.output
    assert "1      allowed         asked" in found.output
    assert found.return_value == 1
    document = json.loads(run("shadow", "report", "--json").output)
    assert (document["calls"], document["stricter"], document["passed_over"]) == (40, 1, 3)


def test_a_candidate_that_agrees_is_no_finding(run: Run, folder: Path) -> None:
    report(folder, start_line(NOW, "old", "new"), summary_line(NOW, 5, 0, 0), name="here.jsonl")
    found = run("shadow", "report", "@here.jsonl", "--candidate", "new")
    assert "no call is judged otherwise" in found.output
    assert found.return_value == 0


def test_without_a_report_it_says_how_to_come_by_one(run: Run) -> None:
    with pytest.raises(InputError, match=r"cannot be read.*\[shadow\] bundle"):
        run("shadow", "report", "--home", "@nowhere")


def approve(folder: Path, tool: str, params: JsonObject, times: int, level: Level = Level.YELLOW_EXTERNAL) -> None:
    """Let olga approve a call `times` times in the edge's store."""
    home = folder / "edge"
    home.mkdir(exist_ok=True)

    async def settle() -> None:
        store = ApprovalStore.open(home / "edge.db")
        for number in range(times):
            id_, digest = RequestId(f"{level:016x}{number:016x}"), Digest(f"{level:032x}{number:032x}")
            await store.open_request(
                ApprovalRequest(
                    id_, TenantId("one"), AgentId("main"), SessionId("s"), tool, params, level, True, False,
                    ("deletes",) if level is Level.RED else ("outward",), "because", digest, "r", NOW, NOW,
                )
            )  # fmt: skip
            grant = Grant(id_, digest, "r", True, "olga", "console", "0" * 32, NOW, NOW, KeyId("hub"), "0" * 128)
            await store.settle(grant, NOW)
        await store.aclose()

    asyncio.run(settle())


def test_a_habit_becomes_a_patch_that_can_be_applied(run: Run, folder: Path) -> None:
    approve(folder, "message", {"to": "a@shop.example"}, 5)
    told = run("propose", "--policies", "@policies", "-o", "@proposals").output
    assert "1. let main: message message to shop.example (yellow_external) pass without asking" in told
    assert "with it: yellow_external, ask -> yellow_external, allow" in told
    assert "5 approvals looked at, 1 habit found." in told
    [patch] = (folder / "proposals").iterdir()
    assert patch.name == "1-outward-main-message-message.patch"
    assert "Approved 5 times, never denied" in patch.read_text()
    command = ["git", "apply", "--directory=policies", str(patch)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    call = json.dumps({"tool": "message", "params": {"to": "a@shop.example"}})
    told = run("explain", "--policies", "@policies", text=call).output
    assert "outcome: allow" in told
    assert "outward grants cover every recipient" in told


def test_a_proposal_is_shown_where_no_folder_is_given_and_as_a_document(run: Run, folder: Path) -> None:
    approve(folder, "message", {"to": "a@shop.example"}, 5)
    assert '+  - {agent: "main", tool: "message"' in run("propose", "--policies", "@policies").output
    document = json.loads(run("propose", "--policies", "@policies", "--json").output)
    assert document["sort"] == "outward"
    assert len(document["evidence"]) == 5
    assert run("propose", "--policies", "@policies", "--times", "6").output.endswith("0 habits found.\n")


def test_red_is_shown_as_a_habit_and_proposed_only_when_asked_for(run: Run, folder: Path) -> None:
    approve(folder, "exec", {"command": "rm a"}, 5, Level.RED)
    told = run("propose", "--policies", "@policies").output
    assert "nothing is proposed: it is red: give --include-red" in told
    told = run("propose", "--policies", "@policies", "--include-red").output
    assert "+approved_habit_1(action) if {" in told
    assert "with it: red, ask -> yellow, allow" in told
    assert SMALL["rules/deletes/deletes.rego"] == (folder / "policies/rules/deletes/deletes.rego").read_bytes()
