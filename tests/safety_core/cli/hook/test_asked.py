"""`safety hook` before an edge: what it asks, what its host is told, and that an edge that fails lets nothing pass."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from safety_core.cli.hook.asked import Asked, judged_by_edge
from safety_core.cli.hook.event import event_from
from safety_core.cli.hook.listening import heard_from
from safety_core.cli.hook.redeeming import NOT_RUN, redeem
from safety_core.cli.hook.spoken import Host, Spoken
from tests.safety_core.cli.hook.scene import HOSTS, Answers, bash, edge, event, hook

ALLOW = {"decision": "allow", "level": "green", "rule": "reads", "reason": "only looks"}
BLOCK = {"decision": "block", "level": "red", "rule": "deletes", "reason": "the owner said no"}
PENDING = {"decision": "pending", "level": "red", "rule": "deletes", "reason": "", "approval": {"id": "a" * 32}}


def told(raw: bytes, host: str, answers: Answers, *, permit: bool = False) -> tuple[Spoken, Any]:
    """Return what the host is told, and what the edge was asked."""
    with edge(answers) as (path, asked):
        by = Asked("ada", path, 5.0, "safety")
        return heard_from(raw, Host(host), lambda one: judged_by_edge(one, by), permit=permit), asked


def decided(answer: Any, status: int = 200) -> Answers:
    return {"/v1/decide": (status, answer)}


@pytest.mark.parametrize("host", HOSTS)
def test_a_call_is_put_to_the_edge_with_its_folder_and_its_session(host: str) -> None:
    spoken, asked = told(bash("ls"), host, decided(ALLOW))
    assert (spoken.status, spoken.out) == (0, "")
    params = {"command": "ls", "description": "does it", "cwd": "/srv/shop"}
    call = {"id": "toolu_1", "tool": "Bash", "params": params, "agent": "ada", "session": "3f2a"}
    assert asked == [("/v1/decide", {"call": call, "wait": 5.0})]


def test_a_host_may_be_told_not_to_ask_again_itself() -> None:
    spoken, _ = told(bash("ls"), "claude-code", decided(ALLOW), permit=True)
    assert '"permissionDecision": "allow"' in spoken.out
    spoken, _ = told(bash("ls"), "codex", decided(ALLOW), permit=True)
    assert spoken.out == ""  # it does not understand that


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (BLOCK, "the owner said no"),
        (PENDING, "pending approval aaaaaaaa"),
        ({**BLOCK, "instead": {"tool": "Bash", "params": {"command": "rm a"}}}, '"command": "rm a"'),
        ({"decision": "surely"}, "an answer that is none"),
        ({"decision": "pending"}, "approval"),
        ({}, "decision"),
        (b"nonsense", "cannot be read"),
        (b"[]", "cannot be read"),
    ],
)
def test_anything_but_a_clear_yes_blocks(host: str, answer: Any, word: str) -> None:
    spoken, _ = told(bash("rm -r b"), host, decided(answer))
    assert spoken.status == 2
    assert word in spoken.err
    assert json.loads(spoken.out)["hookSpecificOutput"]["permissionDecision"] == "deny"


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_an_edge_that_refuses_blocks(status: int) -> None:
    spoken, _ = told(bash("ls"), "codex", decided(b"<html>", status))
    assert spoken.status == 2


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("kind", ["PreToolUse", "UserPromptSubmit"])
def test_an_edge_that_is_not_there_blocks(tmp_path: Path, host: str, kind: str) -> None:
    heard = hook(event(kind), host, "--socket", str(tmp_path / "none"))
    assert heard.blocks
    assert "is not running" in heard.err


def test_an_edge_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    """It takes the connection and says nothing: the hook's own end comes, before the host's would."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        script = (
            "from pathlib import Path; from safety_core.cli.hook.asked import *;"
            "from safety_core.cli.hook.listening import *;"
            f"by = Asked('ada', Path({str(tmp_path / 's')!r}), 60.0, 'safety');"
            "raise SystemExit(listen(Host.CODEX, lambda one: judged_by_edge(one, by), seconds=0.2, permit=False))"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], input=bash("ls"), capture_output=True, timeout=120, check=False
        )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"took too long" in done.stderr


def test_a_step_that_never_ends_does_not_outlast_the_end() -> None:
    """Where Python itself is stuck no signal is heard; then the process just ends, not with 0."""
    script = (
        "import signal; from safety_core.cli.hook import deadline; deadline.GRACE = 0.1; deadline.end_after(0.2);"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); input()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as stuck:
        assert stuck.wait(120) == 1


@pytest.mark.parametrize("host", HOSTS)
def test_a_prompt_with_a_secret_is_blocked(host: str) -> None:
    route = "/v1/redact"
    clean, _ = told(event("UserPromptSubmit"), host, {route: (200, {"value": "tidy up", "findings": 0})})
    assert clean == Spoken()
    with_one, _ = told(event("UserPromptSubmit"), host, {route: (200, {"value": "x", "findings": 1})})
    assert (with_one.status, json.loads(with_one.out)["decision"]) == (2, "block")


RESULT = {"stdout": "SECRET_REF(shop_key)", "stderr": "", "interrupted": False}


def test_claude_code_gets_the_clean_result_in_the_same_shape() -> None:
    answers = {"/v1/result": (200, {"result": RESULT, "findings": 1})}
    spoken, asked = told(event("PostToolUse"), "claude-code", answers)
    assert json.loads(spoken.out) == {
        "hookSpecificOutput": {"hookEventName": "PostToolUse", "updatedToolOutput": RESULT}
    }
    assert asked[0][1]["result"]["stdout"] == "a b"


def test_codex_gets_the_clean_result_as_what_it_is_told_instead() -> None:
    answers = {"/v1/result": (200, {"result": "SECRET_REF(shop_key)", "findings": 1})}
    spoken, _ = told(event("PostToolUse", tool_response="raw"), "codex", answers)
    block = json.loads(spoken.out)
    assert (block["decision"], "SECRET_REF(shop_key)" in block["reason"], spoken.status) == ("block", True, 0)


def test_a_result_without_secrets_stays() -> None:
    answers = {"/v1/result": (200, {"result": "plain", "findings": 0})}
    assert told(event("PostToolUse", tool_response="plain"), "codex", answers)[0] == Spoken()


@pytest.mark.parametrize("host", HOSTS)
def test_a_result_that_nobody_could_look_at_is_withheld_and_ends_the_turn(host: str) -> None:
    spoken, _ = told(event("PostToolUse"), host, {"/v1/result": (503, b"")})
    answer = json.loads(spoken.out)
    assert (spoken.status, answer["continue"], "a b" in spoken.out) == (0, False, False)
    assert "withheld" in (answer["reason"] if host == "codex" else json.dumps(answer["hookSpecificOutput"]))


def deep(levels: int, **fields: Any) -> bytes:
    """Return the event of a result that is nested so deep: a server of MCP chooses that."""
    return event("PostToolUse", tool_response="DEEP", **fields).replace(
        b'"DEEP"', b"[" * levels + b'"a b"' + b"]" * levels
    )


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "raw",
    [
        event("PostToolUse", tool_response={"stdout": "a b" * (4 * 1024 * 1024)}),
        event("PostToolUse", tool_response={"stdout": "a b\ud800"}),
        event("PostToolUse", tool_response="a b", session_id="\x00"),
        deep(400),
        deep(4000),
        deep(4000, cwd='/"hook_event_name": "PreToolUse"'),
        event("PostToolUse", tool_response="a b").replace(b'"a b"', b"9" * 5000),
        event("PostToolUse", tool_response="a b" * 9)[:-9],
    ],
    ids=["large", "surrogate", "odd", "deep", "deeper than Python reads", "misleading", "digits", "cut off"],
)
def test_a_result_that_cannot_even_be_read_is_withheld_too(host: str, raw: bytes) -> None:
    spoken = heard_from(raw, Host(host), lambda _: pytest.fail("nobody is asked"))
    answer = json.loads(spoken.out)
    assert (spoken.status, answer["continue"], "a b" in spoken.out) == (0, False, False)
    assert spoken.out.isascii()


@pytest.mark.parametrize("told", [{"hook_event_name": "PostToolUse"}, '"hook_event_name": "PostToolUse"', [{}]])
def test_a_call_that_cannot_be_read_is_blocked_whatever_it_says_that_it_is(told: Any) -> None:
    raw = event(tool_input={"command": told, "deep": "DEEP"}).replace(b'"DEEP"', b"[" * 4000 + b"]" * 4000)
    spoken = heard_from(raw, Host.CLAUDE_CODE, lambda _: pytest.fail("nobody is asked"))
    assert (spoken.status, spoken.out) == (2, "")


@pytest.mark.parametrize("host", HOSTS)
def test_a_command_with_secrets_becomes_one_that_the_edge_carries_out(host: str) -> None:
    ticket = "b" * 32
    with edge(decided({**ALLOW, "ticket": ticket})) as (path, _):
        by = Asked("ada", path, 5.0, "safety")
        spoken = heard_from(bash("deploy SECRET_REF(key)"), Host(host), lambda one: judged_by_edge(one, by))
    fields = json.loads(spoken.out)["hookSpecificOutput"]
    assert fields["permissionDecision"] == "allow"
    assert fields["updatedInput"] == {
        "command": f"safety hook redeem {ticket} --socket {path}", "description": "does it"
    }  # fmt: skip


def test_another_tool_with_secrets_is_blocked() -> None:
    raw = event(tool_name="Write", tool_input={"file_path": "a", "content": "SECRET_REF(key)"})
    assert told(raw, "claude-code", decided({**ALLOW, "ticket": "b" * 32}))[0].status == 2


@pytest.mark.parametrize(
    ("answer", "status", "out"),
    [
        ({"status": "executed", "output": "clean\n", "exit": 3}, 3, "clean\n"),
        ({"status": "refused", "reason": "too late"}, NOT_RUN, ""),
    ],
)
def test_a_ticket_is_redeemed(capsys: Any, answer: Any, status: int, out: str) -> None:
    with edge({"/v1/redeem": (200, answer)}) as (path, asked):
        assert redeem("b" * 32, path) == status
    assert asked == [("/v1/redeem", {"ticket": "b" * 32})]
    assert capsys.readouterr().out == out


def test_many_hooks_at_once_hear_each_its_own_answer() -> None:
    with edge(decided(BLOCK)) as (path, asked):
        by = Asked("ada", path, 5.0, "safety")
        threads = [threading.Thread(target=judged_by_edge, args=(event_from(bash(f"ls {n}")), by)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({body["call"]["params"]["command"] for _, body in asked}) == 8
