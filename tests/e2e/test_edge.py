"""A real edge beside a real hub: what the plugin and the owner live through, over real sockets."""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from safety_core.cli.secret import secret
from safety_core.cli.status import status
from tests.simulators.full_check_in import full_check_in
from tests.simulators.site import Edge, Site, call, site

CONTROL_TOKEN = "c" * 40


@pytest.fixture(scope="module")
def here() -> Generator[Site, None, None]:
    with site() as here, here.hub():
        here.introduce()
        here.publish()
        yield here


@pytest.fixture(scope="module")
def edge(here: Site) -> Generator[Edge, None, None]:
    token = here.folder / "token"
    token.write_text(CONTROL_TOKEN)
    token.chmod(0o600)
    with here.edge(CONTROL_PORT="0", CONTROL_TOKEN_FILE=str(token)) as edge:
        yield edge


def red() -> dict[str, str]:
    """A command that asks, and has never been asked before."""
    return {"command": f"git push --force origin branch-{secrets.token_hex(4)}"}


def unseen() -> str:
    return f"v{secrets.token_hex(16)}Z"


def set_secret(here: Site, name: str, value: str) -> None:
    done = CliRunner().invoke(
        secret, ["set", name], input=value, env={"SAFETY_HOME": str(here.home.path)}, catch_exceptions=False
    )
    assert done.exit_code == 0, done.output


def test_the_status_shows_four_layers_and_a_policy_in_force(edge: Edge) -> None:
    told = edge.status()
    assert [layer["layer"] for layer in told["layers"]] == [
        "sandbox",
        "tool policy",
        "command gating",
        "secrets redaction",
    ]
    assert [layer["state"] for layer in told["layers"]] == ["unknown", "on", "on", "on"]
    assert (told["policy"]["state"], told["policy"]["revision"]) == ("in force", "r1")


def test_the_command_line_shows_it(here: Site, edge: Edge) -> None:
    environ = {"SAFETY_HOME": str(here.home.path)}
    shown = CliRunner().invoke(status, [], env=environ, standalone_mode=False)
    assert shown.return_value == 0
    for word in ("bakery", "in force", "sandbox", "command gating", "heartbeat"):
        assert word in shown.output
    told = CliRunner().invoke(status, ["--json"], env=environ, standalone_mode=False)
    assert json.loads(told.output)["tenant"] == "bakery"


def test_a_green_call_is_allowed_and_runs(here: Site, edge: Edge) -> None:
    (here.workspace / "menu.txt").write_text("bread\n")
    told = edge.decide("exec", command="cat menu.txt")
    assert (told["decision"], told["level"]) == ("allow", "green")
    ran = edge.run("exec", command="cat menu.txt")
    assert (ran["status"], ran["output"], ran["exit"], ran["truncated"]) == ("executed", "bread\n", 0, False)


def test_a_call_that_asks_runs_once_after_its_approval(here: Site, edge: Edge) -> None:
    params = red()
    pending = edge.run("exec", **params)
    assert pending["status"] == "pending"
    assert edge.run("exec", **params)["approval"] == pending["approval"]
    here.answer(pending["approval"]["id"])
    assert edge.run("exec", wait=20.0, **params)["status"] == "executed"
    again = edge.run("exec", **params)
    assert again["status"] == "pending"
    assert again["approval"]["id"] != pending["approval"]["id"]


def test_a_caller_that_waits_gets_the_answer_itself(here: Site, edge: Edge) -> None:
    params = red()
    pending = edge.decide("exec", **params)
    answering = threading.Timer(0.3, here.answer, [pending["approval"]["id"]], {"allow": False})
    answering.start()
    told = edge.decide("exec", wait=20.0, **params)
    answering.join()
    assert (told["decision"], told["rule"]) == ("block", "approval denied")


def test_an_outward_grant_from_a_card_lets_so_many_messages_go(here: Site, edge: Edge) -> None:
    call = {"action": "send", "to": f"anna-{secrets.token_hex(4)}@x.example", "message": "The parcel is on its way."}
    pending = edge.decide("message", **call)["approval"]["id"]
    with here.as_person("approver") as client:
        until(lambda: client.get(f"/v1/approvals/{pending}").status_code == 200)
        terms = {"recipient": call["to"], "not_after": time.time() + 3600, "uses": 2}
        made = client.post(f"/v1/approvals/{pending}/outward", json=terms)
        assert made.status_code == 201, made.text
        long = client.post(f"/v1/approvals/{pending}/outward", json={**terms, "not_after": time.time() + 9e5})
        assert long.status_code == 403, "the published policy lets the hub's key give a week"
        until(lambda: edge.decide("message", **call)["decision"] == "allow")
        assert [edge.decide("message", **call)["decision"] for _ in range(2)] == ["allow", "pending"]
        until(lambda: [item["remaining"] for item in client.get("/v1/outward").json()["outward"]] == [0])


def until(true: Callable[[], bool]) -> None:
    for _ in range(400):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come about")


def test_who_went_away_is_told_at_once_and_the_repeated_call_runs_once(here: Site, edge: Edge) -> None:
    params = red()
    pending = edge.decide("exec", **params)["approval"]["id"]
    answering = threading.Timer(0.3, here.answer, [pending])
    answering.start()
    told = edge.ask("/v1/decided", {"agents": ["main"], "wait": 30})["decided"]
    answering.join()
    assert [(one["id"], one["agent"], one["session"], one["tool"], one["state"]) for one in told] == [
        (pending, "main", "s1", "exec", "granted")
    ]
    assert edge.decide("exec", **params)["decision"] == "allow"
    assert edge.ask("/v1/decided", {"agents": ["main"], "told": [{"id": pending, "session": "s1"}]}) == {"decided": []}
    assert edge.decide("exec", **params)["decision"] == "pending"


def test_a_caller_that_leaves_spends_no_permission(here: Site, edge: Edge) -> None:
    params = red()
    pending = edge.decide("exec", **params)
    transport = httpx2.HTTPTransport(uds=edge.ready["control"])
    with (
        httpx2.Client(transport=transport, base_url="http://edge", timeout=0.3) as hasty,
        pytest.raises(httpx2.TimeoutException),
    ):
        hasty.post("/v1/decide", json={"call": call("exec", **params), "wait": 30})
    here.answer(pending["approval"]["id"])
    assert edge.decide("exec", wait=20.0, **params)["decision"] == "allow"


def test_a_secret_that_was_just_set_is_redacted_in_the_next_call(here: Site, edge: Edge) -> None:
    value = unseen()
    set_secret(here, "OVEN_KEY", value)
    told = edge.ask("/v1/redact", {"value": {"text": f"the key is {value}"}})
    assert told == {"value": {"text": "the key is SECRET_REF(OVEN_KEY)"}, "findings": 1}
    (here.workspace / "notes.txt").write_text(f"key={value}\n")
    ran = edge.run("exec", command="cat notes.txt")
    assert ran["output"] == "key=SECRET_REF(OVEN_KEY)\n"
    told = edge.ask("/v1/result", {"call": call("exec", command="cat notes.txt"), "result": [value]})
    assert told == {"result": ["SECRET_REF(OVEN_KEY)"], "findings": 1}


def test_a_plugin_checks_in(edge: Edge) -> None:
    told = edge.ask("/v1/check-in", full_check_in())
    assert (told["ok"], told["reason"], told["policy"]) == (True, "", "r1")
    assert edge.status()["plugins"][0]["state"] == "present"
    told = edge.ask("/v1/check-in", {"agent": "old", "plugin": "openclaw", "version": "0.1"})
    assert told["ok"] is False
    assert edge.status()["plugins"][1]["state"] == "incomplete"


BAD: list[tuple[str, bytes, int]] = [
    ("/v1/decide", b"", 400),
    ("/v1/decide", b"{", 400),
    ("/v1/decide", b"\xff\xfe\x00", 400),
    ("/v1/decide", b"[]", 400),
    ("/v1/decide", b'{"call": 3}', 400),
    ("/v1/decide", b'{"call": {"id": 1, "tool": "exec", "params": {}, "agent": "main"}}', 400),
    ("/v1/decide", b'{"call": {"id": "1", "tool": "exec", "params": "ls", "agent": "main"}}', 400),
    ("/v1/decide", b'{"call": {"id": "1", "tool": "exec", "params": {}, "agent": "main"}, "wait": "long"}', 400),
    ("/v1/run", b'{"call": {"id": "1", "tool": "exec", "params": {"command": "\\ud800"}, "agent": "main"}}', 400),
    ("/v1/run", b'{"call": {"id": "1", "tool": "exec", "params": {}, "params": {}, "agent": "main"}}', 400),
    ("/v1/redact", b'{"value": 1e999}', 400),
    ("/v1/redact", b'{"value": ' + b"[" * 5000 + b"]" * 5000 + b"}", 413),
    ("/v1/redact", b'{"value": ' + b"7" * 5000 + b"}", 413),
    ("/v1/check-in", b'{"agent": ""}', 400),
    ("/v1/run", b"x" * (10 * 1024 * 1024 + 1), 413),
    ("/v1/nothing", b"{}", 404),
]


@pytest.mark.parametrize(("path", "body", "status"), BAD)
def test_bad_input_gets_a_clear_error_and_the_process_lives(edge: Edge, path: str, body: bytes, status: int) -> None:
    answer = edge.client.post(path, content=body)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"thing", "reason", "fix"}
    assert "Traceback" not in answer.text
    assert edge.status()["policy"]["state"] == "in force"


STRANGE: list[tuple[str, dict[str, Any]]] = [
    ("no_such_tool", {}),
    ("exec", {}),
    ("exec", {"command": 7}),
    ("exec", {"command": {"a": ["b"]}}),
    ("exec", {"command": "echo $((", "nested": [[[[{}]]]]}),
    ("write", {"path": None}),
    ("exec", {"command": "true", "number": 2**60}),
    ("\U0001f95a", {"\U0001f95a": "\u0000"}),
]


@pytest.mark.parametrize(("tool", "params"), STRANGE)
def test_a_strange_call_is_judged_and_never_runs_unasked(edge: Edge, tool: str, params: dict[str, Any]) -> None:
    told = edge.run(tool, **params)
    assert told["status"] in {"pending", "refused"}
    assert told["level"] != "green"


def test_ten_mebibytes_are_looked_through(edge: Edge) -> None:
    text = "bread and butter " * (9 * 1024 * 1024 // 17)
    assert edge.ask("/v1/redact", {"value": text}) == {"value": text, "findings": 0}


def test_the_tcp_port_wants_its_token_and_reloads_for_nobody(edge: Edge) -> None:
    url = f"http://127.0.0.1:{edge.ready['control_port']}"
    with httpx2.Client(base_url=url, timeout=60, trust_env=False) as client:
        assert client.get("/v1/status").status_code == 401
        assert client.get("/v1/status", headers={"Authorization": "Bearer wrong"}).status_code == 401
        client.headers["Authorization"] = f"Bearer {CONTROL_TOKEN}"
        assert client.get("/v1/status").json()["tenant"] == "bakery"
        assert client.post("/v1/reload").status_code == 404


def test_a_new_policy_comes_into_force_by_itself_or_at_once(here: Site, edge: Edge) -> None:
    here.publish("r2")
    assert edge.ask("/v1/reload", {})["policy"]["revision"] == "r2"
    here.publish("r1")
    for _ in range(600):
        if edge.status()["policy"]["revision"] == "r1":
            break
        time.sleep(0.1)
    assert edge.status()["policy"]["revision"] == "r1"


def test_the_hub_hears_from_the_edge(here: Site, edge: Edge) -> None:
    for _ in range(600):
        status = edge.status()
        tasks = {task["task"]: task for task in status["tasks"]}
        if tasks["heartbeat"]["last_done"] and tasks["audit: whole"]["last_done"]:
            break
        time.sleep(0.1)
    assert all(task["ok"] for task in tasks.values()), tasks
    assert status["audit"]["read"]["damage"] == []
    assert "seen" in here.at_hub("tenant", "list")


def test_no_log_line_and_no_audit_line_holds_the_planted_secret(here: Site, edge: Edge) -> None:
    value = unseen()
    set_secret(here, "PLANTED", value)
    edge.run("exec", command=f"echo {value}")
    asked = edge.run("exec", command=f"git push --force https://{value}@git.example/shop.git main")
    assert asked["status"] == "pending"
    while edge.status()["approvals"]["unsent"]:
        time.sleep(0.05)
    edge.run(f"tool-{value}", text=value)
    edge.client.post("/v1/decide", content=b'{"call": {"id": "' + value.encode() + b'", "' + value.encode() + b'": 1}}')
    edge.client.post(f"/v1/{value}")
    assert value not in here.folder.joinpath("edge.log").read_text()
    for file in here.home.path.glob("audit.db*"):
        assert value.encode() not in file.read_bytes()
    for file in here.home.path.rglob("edge.db*"):
        assert value.encode() not in file.read_bytes()
    at_hub = [file.read_bytes() for file in here.hub_data.glob("hub.db*")]
    assert any(b"SECRET_REF(PLANTED)" in raw for raw in at_hub)
    assert not any(value.encode() in raw for raw in at_hub)


def test_a_hosts_hook_is_answered_and_what_it_wrote_before_is_known(here: Site, edge: Edge) -> None:
    """As Claude Code runs it: a process for each event. A script that the session wrote is judged where it is run."""

    def hook(session: str, kind: str = "PreToolUse", **fields: Any) -> subprocess.CompletedProcess[str]:
        event = {"hook_event_name": kind, "session_id": session, "cwd": str(here.workspace), **fields}
        words = [sys.executable, "-EP", "-m", "safety_core.cli", "hook", "claude-code", "--wait", "0"]
        place = ["--socket", str(here.home.socket)]
        return subprocess.run([*words, *place], input=json.dumps(event), capture_output=True, text=True, check=False)

    def bash(session: str, command: str) -> subprocess.CompletedProcess[str]:
        call = {"tool_name": "Bash", "tool_use_id": secrets.token_hex(4), "tool_input": {"command": command}}
        return hook(session, **call)

    assert (bash("a", "ls").returncode, bash("a", "ls").stdout) == (0, "")
    asked = bash("a", red()["command"])
    assert (asked.returncode, "pending approval" in asked.stderr) == (2, True)
    content = {"file_path": str(here.workspace / "tidy.sh"), "content": "git push --force origin all\n"}
    assert hook("a", tool_name="Write", tool_use_id="w1", tool_input=content).returncode == 0
    assert [bash(session, "sh tidy.sh").returncode for session in ("a", "b")] == [2, 0]
    value = unseen()
    set_secret(here, "HOOKED", value)
    result = {"tool_name": "Bash", "tool_use_id": "w2", "tool_input": {"command": "env"}}
    done = hook("a", "PostToolUse", **result, tool_response={"stdout": value, "stderr": ""})
    clean = json.loads(done.stdout)["hookSpecificOutput"]["updatedToolOutput"]
    assert clean == {"stdout": "SECRET_REF(HOOKED)", "stderr": ""}
    assert hook("a", "UserPromptSubmit", prompt=f"use {value}").returncode == 2


def test_without_a_policy_every_call_is_refused_and_the_process_says_why() -> None:
    with site() as lonely, lonely.hub():
        lonely.introduce()
        clients = json.dumps({"sdk": hashlib.sha256(CONTROL_TOKEN.encode()).hexdigest()})
        providers = json.dumps({"openai": {"base_url": "https://127.0.0.1:9", "key_secret": "KEY"}})
        with lonely.edge(CLIENTS=clients, EGRESS_PROVIDERS=providers) as edge:
            told = edge.status()
            assert told["policy"]["state"] == "none"
            assert [layer["state"] for layer in told["layers"][1:]] == ["refusing"] * 3
            ran = edge.run("exec", command="ls")
            assert (ran["status"], ran["rule"], ran["level"]) == ("refused", "NoPolicyError", None)
            assert edge.client.post("/v1/redact", json={"value": "x"}).status_code == 403
            url = f"http://127.0.0.1:{edge.ready['egress']}/v1/chat/completions"
            prompt = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
            headers = {"Authorization": f"Bearer {CONTROL_TOKEN}"}
            refused = httpx2.post(url, json=prompt, headers=headers, timeout=60, trust_env=False)
            assert refused.status_code == 503, refused.text
            assert "no trusted policy" in refused.json()["error"]["message"]
            lonely.publish()
            assert edge.ask("/v1/reload", {})["policy"]["state"] == "in force"
            assert edge.run("exec", command="ls")["status"] == "executed"


def test_a_signal_ends_it_cleanly_and_lets_waiting_callers_go(edge: Edge) -> None:
    params, before = red(), edge.status()["approvals"]["pending"]
    answers: list[Any] = []
    waiting = threading.Thread(target=lambda: answers.append(edge.decide("exec", wait=50.0, **params)))
    waiting.start()
    while edge.status()["approvals"]["pending"] == before:
        time.sleep(0.05)
    assert edge.stop() == 0
    waiting.join()
    assert answers[0]["decision"] == "pending"
    assert not Path(edge.ready["control"]).exists()
