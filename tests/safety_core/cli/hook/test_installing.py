"""`safety hook install`, `remove` and `status`: the hosts' settings, and the proof that what stands there blocks."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from safety_core.cli.hook import installing
from safety_core.cli.hook.asking import OWN
from safety_core.cli.hook.command import WAIT, hook
from safety_core.cli.hook.places import MARGIN, is_ours, program
from tests.safety_core.cli.hook.scene import HOSTS, bash, edge

FILE = {"claude-code": ".claude/settings.json", "codex": ".codex/hooks.json"}
OTHERS = {"matcher": "Write", "hooks": [{"type": "command", "command": "lint", "timeout": 5}]}


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hooks block, and the edge behind them answers."""
    monkeypatch.setattr(installing, "trials", lambda _: ())
    monkeypatch.setattr(installing, "edges_behind", lambda _: ())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with nothing in it, which is the project, too."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "SAFETY_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(hook, words, standalone_mode=False)


def put(home: Path, host: str, tree: Any) -> Path:
    file = home / FILE[host]
    file.parent.mkdir()
    file.write_text(json.dumps(tree))
    return file


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("where", [(), ("--project",)])
def test_what_stands_there_stays_and_comes_back(home: Path, host: str, where: tuple[str, ...]) -> None:
    before = {"model": "m", "hooks": {"PreToolUse": [OTHERS], "Stop": []}}
    file = put(home, host, before)
    file.chmod(0o640)
    done = run("install", host, "--yes", *where)
    after = json.loads(file.read_text())
    assert (done.exception, after["model"]) == (None, "m")
    assert after["hooks"]["PreToolUse"][0] == OTHERS
    assert [*after["hooks"]] == ["PreToolUse", "Stop", "PostToolUse", "UserPromptSubmit"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert "+" in done.output
    again = run("install", host, "--yes", *where)
    assert ("nothing to do" in again.output, json.loads(file.read_text())) == (True, after)
    run("remove", host, "--yes", *where)
    assert json.loads(file.read_text()) == before
    assert "nothing to do" in run("remove", host, "--yes", *where).output


def test_other_options_take_the_place_of_the_old_ones(home: Path) -> None:
    run("install", "claude-code", "--yes", "--wait", "5")
    run("install", "claude-code", "--yes", "--alone", "--tier", "1", "--permit")
    tree = json.loads((home / FILE["claude-code"]).read_text())
    assert [*tree["hooks"]] == ["PreToolUse"]
    [entry] = tree["hooks"]["PreToolUse"]
    assert "matcher" not in entry  # every tool
    [one] = entry["hooks"]
    assert one["command"].endswith(" hook claude-code --alone --permit --tier 1 || exit 2")


def test_the_hosts_patience_is_longer_than_the_hooks(home: Path) -> None:
    run("install", "codex", "--yes", "--wait", "100")
    [entry] = json.loads((home / FILE["codex"]).read_text())["hooks"]["PreToolUse"]
    assert entry["hooks"][0]["timeout"] > 100 + 50


def test_nothing_is_changed_without_a_yes(home: Path) -> None:
    done = run("install", "claude-code")
    assert "nobody can be asked" in str(done.exception)
    assert not (home / FILE["claude-code"]).exists()


@pytest.mark.parametrize("tree", [{"hooks": []}, {"hooks": {"PreToolUse": {}}}, {"hooks": {"PreToolUse": ["x"]}}, []])
def test_settings_of_another_form_are_not_touched(home: Path, tree: Any) -> None:
    file = put(home, "claude-code", tree)
    assert run("install", "claude-code", "--yes").exception is not None
    assert json.loads(file.read_text()) == tree


def trust(home: Path, *events: str, terminals: str = "false") -> None:
    """Have Codex's settings say that a person trusts the hooks of these events, and that it has no terminals."""
    file = home / FILE["codex"]
    lines = [f'[hooks.state."{file}:{event}:0:0"]\ntrusted_hash = "sha256:00"' for event in events]
    file.with_name("config.toml").write_text("\n".join([f"[features]\nunified_exec_tty = {terminals}", *lines]))


@pytest.mark.parametrize("host", HOSTS)
def test_status_proves_by_a_call_that_nobody_may_make(home: Path, host: str) -> None:
    nothing = run("status", host)
    assert (nothing.return_value, "nothing asks before a call" in nothing.output) == (1, True)
    run("install", host, "--yes", "--alone")
    if host == "codex":
        trust(home, "pre_tool_use")
    proven = run("status", host)
    assert (proven.return_value, proven.output.count("blocked: a"), "not blocked" in proven.output) == (0, 2, False)
    assert "exit status 2: Safety Gateway: blocked. critical_red (destroys_machine)" in proven.output


def test_status_says_that_no_edge_answers(home: Path) -> None:
    """Every trial is blocked then, as is every other call."""
    run("install", "claude-code", "--yes", "--socket", "/nowhere/edge.sock")
    found = run("status", "claude-code")
    last = [line for line in found.output.splitlines() if line.startswith(("edge: ", str(home)))]
    assert (found.return_value, last) == (
        1,
        [
            "edge: edge at /nowhere/edge.sock: is not running. Fix: start it with `safety edge`; or name the "
            "folder of the one that runs with SAFETY_HOME",
            f"{home / FILE['claude-code']}: in force, but no edge judges: every call is blocked until one does",
        ],
    )


@pytest.mark.parametrize(("state", "status", "last"), [("in force", 0, "in force"), ("none", 1, installing.CLOSED)])
def test_status_says_how_the_edge_behind_the_hooks_stands(
    home: Path, monkeypatch: pytest.MonkeyPatch, state: str, status: int, last: str
) -> None:
    monkeypatch.setattr(installing, "trials", lambda _: ())
    with edge({"/v1/status": (200, {"policy": {"state": state}})}) as (socket, asked):
        run("install", "claude-code", "--yes", "--socket", str(socket))
        found = run("status", "claude-code")
    assert (found.return_value, found.output.splitlines()[-1].partition(": ")[2]) == (status, last)
    assert f"edge: answers at {socket}, policy: {state}" in found.output
    assert len(asked) == 1  # however many hooks ask it


@pytest.mark.parametrize("written", ["--socket /nowhere/edge.sock", "--socket=/nowhere/edge.sock", ""])
def test_status_finds_the_socket_as_it_is_written(home: Path, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setattr(installing, "trials", lambda _: ())
    run("install", "claude-code", "--yes", "--socket", "/nowhere/edge.sock")
    file = home / FILE["claude-code"]
    file.write_text(file.read_text().replace("--socket /nowhere/edge.sock", written))
    named = "/nowhere/edge.sock" if written else f"{home}/.safety/edge.sock"
    assert f"edge at {named}: is not running" in run("status", "claude-code").output
    file.write_text(file.read_text().replace(" || exit 2", " '' || exit 2").replace("''", "it's"))
    assert "every call is blocked" in run("status", "claude-code").output  # no shell reads that


@pytest.mark.usefixtures("judged")
def test_status_knows_that_codex_passes_over_what_nobody_trusts(home: Path) -> None:
    told = run("install", "codex", "--yes")
    assert "/hooks" in told.stderr
    assert "unified_exec_tty" in told.stderr
    assert "passes over PreToolUse, PostToolUse, UserPromptSubmit" in run("status", "codex").output
    trust(home, "pre_tool_use", "user_prompt_submit")
    found = run("status", "codex")
    assert (found.return_value, "passes over PostToolUse, for" in found.output) == (1, True)
    every = ("pre_tool_use", "user_prompt_submit", "post_tool_use")
    trust(home, *every, terminals="true")
    typed = run("status", "codex")
    assert (typed.return_value, "typed into a program" in typed.output) == (1, True)
    trust(home, *every)
    assert run("status", "codex").return_value == 0


def test_status_finds_a_hook_that_lets_pass(home: Path) -> None:
    run("install", "claude-code", "--yes", "--alone")
    file = home / FILE["claude-code"]
    file.write_text(file.read_text().replace(" hook claude-code", " --version; : hook claude-code"))
    found = run("status", "claude-code")
    assert (found.return_value, "exit status 0" in found.output) == (1, True)
    file.write_text(json.dumps({**json.loads(file.read_text()), "disableAllHooks": True}))
    assert "disableAllHooks" in run("status", "claude-code").output


@pytest.mark.parametrize(
    "written",
    [
        "touch {}; {} hook claude-code || exit 2",
        "{1} hook claude-code --wait `touch {0}` || exit 2",
        "{1} hook claude-code; touch {0}; : hook claude-code || exit 2",
        "./{0} -EP -m safety_core.cli hook claude-code || exit 2",
        "{1} hook claude-code --agent it's || exit 2",
    ],
)
def test_what_comes_with_a_project_is_not_run_to_prove_it(home: Path, written: str) -> None:
    """Whoever clones a project and asks how it stands has not yet said that they trust it."""
    (home / "ran").write_text(f"#!/bin/sh\ntouch {home}/done\nexit 2\n")
    (home / "ran").chmod(0o755)
    run("install", "claude-code", "--yes", "--alone", "--project")
    file = home / FILE["claude-code"]
    tree = json.loads(file.read_text())
    [hooks] = [entry["hooks"] for entry in tree["hooks"]["PreToolUse"]]
    hooks[0]["command"] = written.format("ran", program())
    file.write_text(json.dumps(tree))
    before = sorted(path.name for path in home.iterdir()), (home / "ran").stat().st_mtime_ns
    found = run("status", "claude-code", "--project")
    assert (found.return_value, "has not written is not tried" in found.output) == (1, True)
    assert (sorted(path.name for path in home.iterdir()), (home / "ran").stat().st_mtime_ns) == before


def test_what_this_program_has_written_into_a_project_is_tried(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "trials", lambda command: [("a call", True, command)])
    run("install", "claude-code", "--yes", "--alone", "--project", "--agent", "it's mine")
    found = run("status", "claude-code", "--project")
    assert (found.return_value, "blocked: a call (" in found.output) == (0, True)


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize("name", ["settings.json", "settings.local.json"])
def test_a_project_that_switches_hooks_off_is_told(
    home: Path, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("install", "claude-code", "--yes")
    assert run("status", "claude-code").return_value == 0
    (tmp_path / "shop" / ".claude").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "shop")
    Path(".claude", name).write_text('{"disableAllHooks": true}')
    found = run("status", "claude-code")
    assert (found.return_value, f"shop/.claude/{name}" in found.output) == (1, True)


@pytest.mark.parametrize("change", [{"async": True}, {"if": "Bash(git *)"}, {"timeout": 5}, {"type": "prompt"}])
def test_an_entry_that_is_not_heard_for_every_call_is_none(
    home: Path, change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing, "trials", lambda _: ())
    run("install", "claude-code", "--yes")
    file = home / FILE["claude-code"]
    tree = json.loads(file.read_text())
    tree["hooks"]["PreToolUse"][0]["hooks"][0] |= change
    file.write_text(json.dumps(tree))
    found = run("status", "claude-code")
    assert (found.return_value, "nothing asks before a call" in found.output) == (1, True)


@pytest.mark.parametrize("broken", ["/nowhere/python -EP -m safety_core.cli", "kill -9 $$;", "sh -c 'exit 1'"])
def test_the_installed_command_blocks_even_where_the_program_is_gone(home: Path, broken: str) -> None:
    run("install", "codex", "--yes", "--alone")
    [entry] = json.loads((home / FILE["codex"]).read_text())["hooks"]["PreToolUse"]
    command = entry["hooks"][0]["command"]
    assert is_ours(command)
    program = command.partition(" hook ")[0]
    shown = command.replace(program, broken if "$$" not in broken else "sh -c 'kill -9 $$'")
    done = subprocess.run(["/bin/sh", "-c", shown], input=bash("ls"), capture_output=True, timeout=60, check=False)
    assert done.returncode == 2


def test_a_file_of_the_project_does_not_stand_in_for_ours(home: Path) -> None:
    """Hosts run hooks in the folder in which the agent writes."""
    (home / "json.py").write_text("import os; os._exit(0)\n")
    (home / "safety_core").mkdir()
    (home / "safety_core" / "__init__.py").write_text("import os; os._exit(0)\n")
    run("install", "codex", "--yes", "--alone")
    [entry] = json.loads((home / FILE["codex"]).read_text())["hooks"]["PreToolUse"]
    done = subprocess.run(
        ["/bin/sh", "-c", entry["hooks"][0]["command"]],
        input=bash("rm -rf / --no-preserve-root"), capture_output=True, timeout=120, check=False,
        env={"PYTHONPATH": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home)},
    )  # fmt: skip
    assert (done.returncode, b"destroys_machine" in done.stderr) == (2, True)


def test_what_the_page_says_of_codexs_settings_is_toml_and_one_of_our_commands() -> None:
    page = (Path(__file__).parents[4] / "docs/connect-codex.md").read_text()
    features, provider, managed = (tomllib.loads(text) for text in re.findall(r"```text\n(.*?)```", page, re.DOTALL))
    assert features == {"features": {"unified_exec_tty": False}}
    assert provider["model_providers"][provider["model_provider"]]["wire_api"] == "responses"
    [one] = managed["hooks"]["PreToolUse"][0]["hooks"]
    assert is_ours(one["command"])
    assert one["timeout"] == int(WAIT + OWN) + MARGIN
