"""Plans: what was judged is what runs, secrets stay references, and what cannot be done faithfully is not done."""

from __future__ import annotations

import pytest

from safety_core.canonical import Json, JsonObject
from safety_core.errors import ExecutionError
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.resolve import ArgvPlan, FilePlan, HttpPlan, Plan, ShellPlan, plan_of

CATALOGUE: JsonObject = {
    "tools": {
        "exec": {"adapter": "exec", "volatile": ["title"], "ignored": ["pty"]},
        "run": {"adapter": "exec", "args": {"command": "line", "cwd": ["in", "folder"]}},
        "read": {"adapter": "file"},
        "write": {"adapter": "file"},
        "edit": {"adapter": "file"},
        "note": {"adapter": "file", "operation": "append"},
        "shred": {"adapter": "file"},
        "fetch": {"adapter": "http"},
        "message": {"adapter": "none"},
        "odd": "not an entry",
    }
}
A, B = SecretName("a"), SecretName("b")


def plan(tool: str, catalogue: JsonObject = CATALOGUE, **params: Json) -> Plan:
    call = ToolCall(CallId("1"), TenantId("t"), AgentId("a"), SessionId("s"), tool, params)
    return plan_of(call, tool, catalogue, "/srv/space")


def test_a_command_line_runs_in_the_workspace() -> None:
    assert plan("exec", command="ls") == ShellPlan("ls", "/srv/space", (), 120.0)
    assert plan("exec", cmd="ls", timeout=3, title="looking", pty=True, background=None) == ShellPlan(
        "ls", "/srv/space", (), 3.0
    )
    assert plan("run", line="x SECRET_REF(a)") == ShellPlan("x SECRET_REF(a)", "/srv/space", (A,), 120.0)


def test_input_and_environment_may_hold_secrets() -> None:
    env = {"KEY": "SECRET_REF(b)"}
    shell = ShellPlan("tool", "/srv/space", (A, B), 120.0, "SECRET_REF(a)", (("KEY", "SECRET_REF(b)"),))
    assert plan("exec", command="tool", stdin="SECRET_REF(a)", env=env) == shell
    program = ArgvPlan(("tool",), "/srv/space", "", (B,), 120.0, (("KEY", "SECRET_REF(b)"),))
    assert plan("exec", command=["tool"], env=env) == program


def test_a_list_of_words_runs_without_a_shell() -> None:
    expected = ArgvPlan(("cat", "SECRET_REF(a)"), "/srv/space", "SECRET_REF(b)", (A, B), 120.0)
    assert plan("exec", argv=["cat", "SECRET_REF(a)"], stdin="SECRET_REF(b)") == expected


@pytest.mark.parametrize(
    ("cwd", "folder"),
    [
        (".", "/srv/space"),
        ("", "/srv/space"),
        ("docs/./x/", "/srv/space/docs/x"),
        ("/srv/space/docs", "/srv/space/docs"),
        ("/srv//space", "/srv/space"),
    ],
)
def test_a_command_may_run_below_the_workspace(cwd: str, folder: str) -> None:
    assert plan("run", line="ls", folder=cwd) == ShellPlan("ls", folder, (), 120.0)


@pytest.mark.parametrize(
    "cwd", ["..", "docs/../..", "/", "/etc", "/srv/space-evil", "/srv/space/../x", "SECRET_REF(a)"]
)
def test_a_command_may_not_run_elsewhere(cwd: str) -> None:
    with pytest.raises(ExecutionError, match="must be a folder of the workspace"):
        plan("exec", command="ls", cwd=cwd)


def test_file_operations() -> None:
    at = "/srv/space"
    assert plan("read", file_path="x") == FilePlan("read", at, "x", "", "", ())
    assert plan("write", path="x", content="k=SECRET_REF(a)") == FilePlan("write", at, "x", "k=SECRET_REF(a)", "", (A,))
    assert plan("note", path="x", text="y") == FilePlan("append", at, "x", "y", "", ())
    edited = FilePlan("edit", at, "x", "SECRET_REF(a)", "SECRET_REF(b)", (A, B))
    assert plan("edit", path="x", old_string="SECRET_REF(b)", new_string="SECRET_REF(a)") == edited


def test_requests() -> None:
    url = "https://api.example/v1"
    assert plan("fetch", url=url) == HttpPlan("GET", url, (), "", (), 60.0)
    sent = plan(
        "fetch", method="post", url=url, headers={"Authorization": "Bearer SECRET_REF(a)"}, body="SECRET_REF(b)"
    )
    assert sent == HttpPlan("POST", url, (("Authorization", "Bearer SECRET_REF(a)"),), "SECRET_REF(b)", (B, A), 60.0)


def test_a_body_that_is_not_text_goes_as_json() -> None:
    json_type = ("Content-Type", "application/json")
    assert plan("fetch", url="u", json={"b": 1, "a": [True]}) == HttpPlan(
        "GET", "u", (json_type,), '{"a":[true],"b":1}', (), 60.0
    )
    own = ("content-type", "application/ld+json")
    assert plan("fetch", url="u", data=[], headers=dict([own])) == HttpPlan("GET", "u", (own,), "[]", (), 60.0)


@pytest.mark.parametrize(
    ("tool", "params", "error"),
    [
        ("exec", {}, "argument command of tool exec: must be text"),
        ("exec", {"command": 1}, "must be text"),
        ("exec", {"command": "ls\x00"}, "must be text without zero bytes"),
        ("exec", {"command": []}, "must not be empty"),
        ("exec", {"command": ["ls", 1]}, "must be text"),
        ("exec", {"command": "a", "cmd": "b"}, "is given under two names: command and cmd"),
        ("exec", {"command": "a", "timeout": 0}, "must lie between"),
        ("exec", {"command": "a", "timeout": 1e9}, "must lie between"),
        ("exec", {"command": "a", "timeout": True}, "must lie between"),
        ("exec", {"command": "a", "timeout": "9"}, "must lie between"),
        ("exec", {"command": "a", "elevated": True, "host": "x"}, "leave out elevated, host"),
        ("exec", {"command": "a", "env": []}, "must be a mapping"),
        ("exec", {"command": "a", "env": {"A": 1}}, "must be text"),
        ("exec", {"command": "a", "env": {"A B": "1"}}, "must have names of letters"),
        ("exec", {"command": "a", "env": {"SAFETY_SECRET_0": "1"}}, "must have names of letters"),
        ("run", {"command": "a"}, "argument command of tool run: must be text"),
        ("read", {}, "argument path of tool read: must be text"),
        ("read", {"path": "SECRET_REF(a)"}, "must not hold a secret"),
        ("read", {"path": "x", "content": "y"}, "leave out content"),
        ("write", {"path": "x"}, "argument content"),
        ("edit", {"path": "x", "new_text": "y"}, "argument old"),
        ("shred", {"path": "x"}, "must be one of append, edit, read, write"),
        ("fetch", {"url": "u", "headers": []}, "must be a mapping"),
        ("fetch", {"url": "u", "headers": {"a": 1}}, "must be text"),
        ("message", {}, "is not one that the edge runs"),
        ("odd", {}, "is not one that the edge runs"),
        ("unheard", {}, "is not one that the edge runs"),
    ],
)
def test_what_cannot_be_run_faithfully_is_refused(tool: str, params: JsonObject, error: str) -> None:
    with pytest.raises(ExecutionError, match=error):
        plan(tool, **params)


def test_a_catalogue_without_tools_runs_nothing() -> None:
    with pytest.raises(ExecutionError, match="is not one that the edge runs"):
        plan("exec", {}, command="ls")
