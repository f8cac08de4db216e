"""`safety classify`, as a user and an evaluation run it: JSON Lines in, one answer per line, in order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from safety_core.bundle.archive import pack
from safety_core.bundle.source import compile_sources
from safety_core.edge.shipped import shipped_folder, shipped_sources

CALLS = [
    {"id": "1", "tool": "exec", "params": {"command": "ls"}},
    {"id": "2", "tool": "exec", "params": {"command": "rm -rf /"}, "agent": "main"},
    {"id": "3", "tool": "exec", "params": {"command": "git push origin main"}},
    {"id": "4", "tool": "exec", "params": {"command": "touch a"}},
]


def run(text: str, *arguments: str) -> tuple[int, list[Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "safety_core.cli", "classify", *arguments],
        input=text, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def lines(*calls: object) -> str:
    return "".join(json.dumps(call) + "\n" for call in calls)


def test_levels_and_outcomes_without_any_set_up() -> None:
    status, answers, errors = run(lines(*CALLS))
    assert (status, errors) == (0, "")
    assert [(answer["id"], answer["level"], answer["outcome"]) for answer in answers] == [
        ("1", "green", "allow"),
        ("2", "critical_red", "deny"),
        ("3", "yellow_external", "ask"),
        ("4", "yellow", "allow"),
    ]
    assert all(answer["rule"] and answer["reasons"] for answer in answers)


def test_a_malformed_line_is_answered_in_its_place() -> None:
    status, answers, _ = run("nonsense\n\n" + lines({"id": "5"}, {"id": "6", "tool": "exec", "params": 7}, *CALLS[:1]))
    assert status == 0
    assert [(answer["id"], answer["level"]) for answer in answers] == [
        (None, "yellow"),
        ("5", "yellow"),
        ("6", "yellow"),
        ("1", "green"),
    ]
    assert all("error" in answer and answer["outcome"] == "deny" for answer in answers[:3])


def test_a_supervised_agent_is_asked_about_more() -> None:
    _, answers, _ = run(lines(CALLS[3]), "--tier", "1")
    assert answers[0]["outcome"] == "ask"


def test_facts_are_shown_on_request() -> None:
    _, answers, _ = run(lines(CALLS[0]), "--facts")
    assert answers[0]["facts"]["actions"][0]["kind"] == "read"


def test_what_a_tool_says_of_itself_makes_it_graver() -> None:
    call = {"id": "1", "tool": "read", "params": {"path": "a.txt"}}
    _, answers, _ = run(lines(call, {**call, "hints": {"destructiveHint": True}}, {**call, "hints": 7}))
    assert [answer["level"] for answer in answers] == ["green", "red", "yellow"]


def test_by_a_folder_and_by_a_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.tar.gz"
    bundle.write_bytes(pack(compile_sources(shipped_sources(), tenant="bakery")))
    for arguments in (["--policies", str(shipped_folder())], ["--bundle", str(bundle)]):
        _, answers, _ = run(lines(CALLS[1]), *arguments)
        assert answers[0]["level"] == "critical_red"


def test_a_folder_and_a_bundle_together_are_refused(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.tar.gz"
    bundle.write_bytes(b"")
    status, _, errors = run("", "--policies", str(tmp_path), "--bundle", str(bundle))
    assert status == 2
    assert "leave one out" in errors
