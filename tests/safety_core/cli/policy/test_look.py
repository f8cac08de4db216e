"""`safety policy explain`, `coverage`, `diff` and `replay`: a policy can be asked why, and compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from safety_core.bundle.samples import invented
from safety_core.classify.trace import Step, trace
from safety_core.errors import InputError, PolicyError
from safety_core.model.tool_call import Hint
from tests.safety_core.cli.policy.conftest import Run, calls, write
from tests.simulators.passkeys import Authenticator
from tests.simulators.small_policy import SMALL

LOUD = {"rules/deletes/deletes.rego": SMALL["rules/deletes/deletes.rego"].replace(b'"red"', b'"critical_red"')}
TOKEN = b"patterns:\n  - {id: till, title: Till token, expression: '(?<![A-Za-z0-9])till_[A-Za-z0-9]{32}'}\n"


@pytest.fixture
def other(folder: Path) -> Path:
    """A second policy, which calls deleting critical."""
    return write(folder / "other", {**SMALL, **LOUD})


def test_a_call_is_explained_as_a_tree(run: Run) -> None:
    told = run("explain", "--policies", "@policies", "--command", "sudo rm -r a && echo done").output
    assert "├─ sudo rm -r a  sudo, catalogue/all.yaml:3" in told
    assert "│  └─ rm -r a  rm, privileged, catalogue/all.yaml:2" in told
    assert "-r  +recursive" in told
    assert "destroy: deletes files (/workspace/a in workspace) [privileged, recursive]" in told
    assert "rules: 1 asked, 1 fired" in told
    assert "deletes  red  deletes /workspace/a  rules/deletes/deletes.rego:11" in told
    assert "level: red, by deletes" in told
    assert "outcome: ask: a person is asked" in told
    assert "ask  red for a trusted agent  matrix.yaml:4" in told
    assert "by itself                 yellow, allow  echo done" in told
    assert "with the tier autonomous  red, allow" in told
    assert "\x1b" not in told, "colours are for terminals"


@pytest.mark.parametrize("width", [60, 80])
def test_an_explanation_fits_a_narrow_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    call = ("--policies", "@policies", "--command", "sudo rm -r a && echo done")
    wide = run("explain", *call).output
    monkeypatch.setenv("COLUMNS", str(width))
    told = run("explain", *call).output
    assert max(map(len, told.splitlines())) <= width < max(map(len, wide.splitlines()))
    assert [word for word in told.split() if word != "│"] == [word for word in wide.split() if word != "│"]


def test_a_rule_that_did_not_fire_says_where_it_stopped(run: Run) -> None:
    told = run("explain", "--policies", "@policies", "--command", "rm").output
    assert "not true: some target in action.targets  rules/deletes/deletes.rego:14" in told


def test_a_floor_is_shown_where_it_is_written(run: Run, folder: Path) -> None:
    write(folder / "policies", {"floors/base.yaml": b"floors:\n  - {rule: deletes, reason: never here}\n"})
    told = run("explain", "--policies", "@policies", "--command", "rm a").output
    assert "outcome: deny: it is denied" in told
    assert "  deny  floor: deletes  floors/base.yaml:2\n" in told


def test_an_outward_call_is_explained_by_its_gate(run: Run) -> None:
    call = json.dumps({"tool": "message", "params": {"to": "a@shop.example"}, "agent": "helper"})
    told = run("explain", "--policies", "@policies", text=call).output
    assert "message of helper" in told
    assert "external gate: no outward grant covers every recipient" in told
    assert "outward  yellow_external  reaches somebody or something outside" in told


def test_who_may_approve_a_call_and_how_many_it_takes_is_explained(run: Run, folder: Path) -> None:
    alone = run("explain", "--policies", "@policies", "--command", "rm a").output
    assert "may approve it: nobody: no key in approvers.yaml may" in alone
    hub = {"id": "hub-1", "kind": "hub", "public": "ab" * 32, "up_to": "yellow"}
    pinned = {"approvers": [hub, Authenticator.fresh().entry], "quorum": {"red": 2, "critical_red": 2}}
    write(folder / "policies", {"approvers.yaml": json.dumps(pinned).encode()})
    told = run("explain", "--policies", "@policies", "--command", "rm a").output
    assert "2 different people have to say yes  approvers.yaml:1" in told
    assert f"may approve it: {pinned['approvers'][1]['id']}\n" in told  # type: ignore[index]
    document = json.loads(run("explain", "--policies", "@policies", "--command", "rm a", "--json").output)
    assert (document["quorum"], len(document["approvers"])) == (2, 1)
    free = json.loads(run("explain", "--policies", "@policies", "--command", "echo a", "--json").output)
    assert (free["quorum"], free["approvers"]) == (0, [])


def test_what_binds_an_agent_is_shown_where_it_is_written(run: Run, folder: Path) -> None:
    tools = b"tools:\n  sessions_spawn: {effect: read, words: starts an agent}\n  wish: {effect: read, asks: by hand}\n"
    agents = b"agents:\n  helper:\n    tier: supervised\n    subagents: {depth: 0}\n    secrets: [A]\n"
    write(folder / "policies", {"catalogue/more.yaml": tools, "agents.yaml": agents})

    def told(tool: str, params: dict[str, str]) -> str:
        call = json.dumps({"tool": tool, "params": params, "agent": "helper"})
        return run("explain", "--policies", "@policies", text=call).output

    assert "subagents: this would be one of depth 1, and helper may have none  agents.yaml:3" in told(
        "sessions_spawn", {}
    )
    assert "wish asks in every tier: by hand  catalogue/more.yaml:3" in told("wish", {})
    kept = told("exec", {"command": "echo SECRET_REF(B)"})
    assert "manifest: helper may not use the secret B  agents.yaml:3" in kept
    assert "with the tier" not in kept, "no tier gives an agent what its manifest keeps from it"


def test_an_explanation_is_a_document_too(run: Run) -> None:
    document = json.loads(run("explain", "--policies", "@policies", "--command", "rm a", "--json").output)
    assert document["level"] == "red"
    assert document["rules"][0]["fired"][0]["place"] == "rules/deletes/deletes.rego:11"
    assert document["read_as"]["inside"][0]["words"] == ["rm", "a"]
    assert document["gate"][0]["clauses"] == ["red for a trusted agent"]


def test_a_bundle_can_be_asked_too_without_places_of_its_sources(run: Run) -> None:
    run("build", "--policies", "@policies", "--tenant", "one", "-o", "@one.tar.gz")
    told = run("explain", "--policies", "@one.tar.gz", "--command", "rm a").output
    assert "rules/deletes/deletes.rego:11" in told
    assert "catalogue/" not in told


def test_no_call_is_no_explanation(run: Run) -> None:
    with pytest.raises(InputError, match="is not there"):
        run("explain", "--policies", "@policies", text="\n")
    with pytest.raises(InputError, match="is not JSON"):
        run("explain", "--policies", "@policies", text="rm -rf /")
    with pytest.raises(InputError, match=r"CALL: is no file\. Fix: give a command line with --command"):
        run("explain", "--policies", "@policies", "rm -rf /")
    with pytest.raises(InputError, match=r"matrix\.yaml: is no bundle.*safety policy build"):
        run("explain", "--policies", "@policies/matrix.yaml", "--command", "ls")
    with pytest.raises(InputError, match="give a folder"):
        run("diff", "@policies", "/dev/null")


def test_what_nothing_reaches_is_shown_with_its_line(run: Run, folder: Path) -> None:
    found = run("coverage", "--policies", "@policies")
    assert "clauses: 1 of 1 hit (100.0%)" in found.output
    assert found.return_value == 0
    more = SMALL["rules/deletes/deletes.rego"] + (
        b'\nhits contains {"level": "red", "reason": "never"} if {\n\tsome action in input.actions\n\taction.never\n}\n'
    )
    write(folder / "policies", {"rules/deletes/deletes.rego": more})
    found = run("coverage", "--policies", "@policies", "--at-least", "60")
    assert "rules/deletes/deletes.rego:17  never hit: red, never" in found.output
    assert "got as far as line 19: action.never" in found.output
    assert found.return_value == 1
    assert run("coverage", "--policies", "@policies", "--at-least", "50").return_value == 0


def test_entries_that_no_call_uses_are_listed(run: Run, folder: Path) -> None:
    calls(folder, "rm -r a")
    told = run("coverage", "--policies", "@policies", "@calls.jsonl", "--unused").output
    assert "programs: 1 of 4 used" in told
    assert "options: 1 of 2 used" in told
    assert "catalogue/all.yaml:5  sh" in told
    document = json.loads(run("coverage", "--policies", "@policies", "@calls.jsonl", "--json").output)
    assert document["catalogue"]["programs"]["unused"] == ["echo", "sh", "sudo"]
    silent = json.loads(run("coverage", "--policies", "@policies", "--json").output)
    assert (silent["silent"], silent["percent"]) == ([], 100.0)


def test_what_a_tool_says_of_itself_counts_in_coverage(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[frozenset[Hint]] = []

    def looking(*call: Any, hints: frozenset[Hint] = frozenset()) -> Step:
        seen.append(hints)
        return trace(*call, hints=hints)

    monkeypatch.setattr("safety_core.cli.policy.coverage.trace", looking)
    document = {"tool": "wipe", "params": {}, "hints": {"destructiveHint": True}}
    (folder / "calls.jsonl").write_text(json.dumps(document) + "\n")
    assert run("coverage", "--policies", "@policies", "@calls.jsonl").exception is None
    assert seen == [frozenset({Hint.DESTRUCTIVE})]


def test_two_policies_are_compared_in_words(run: Run, other: Path) -> None:
    found = run("diff", "@policies", "@other")
    assert "~ deletes" in found.output
    assert 'now: critical_red, "deletes %s", line 11' in found.output
    assert "1 difference" in found.output
    assert found.return_value == 1
    same = run("diff", "@policies", "@policies")
    assert (same.output, same.return_value) == ("both say the same\n", 0)


def test_a_comparison_says_which_calls_it_concerns(run: Run, folder: Path, other: Path) -> None:
    calls(folder, "rm a", "echo a")
    told = run("diff", "@policies", "@other", "--calls", "@calls.jsonl").output
    assert "deletes makes the difference in 1 call" in told
    document = json.loads(run("diff", "@policies", "@other", "--calls", "@calls.jsonl", "--json").output)
    assert document["changes"][0]["name"] == "deletes"
    assert document["calls"]["stricter"] == 1


def test_recorded_calls_show_what_a_change_would_do(run: Run, folder: Path, other: Path) -> None:
    calls(folder, "rm a", "rm b", "echo a")
    found = run("replay", "@calls.jsonl", "--policies", "@other", "--against", "@policies")
    assert found.return_value == 1
    assert "2      asked           asked, strong approver" in found.output
    assert "2      red           critical_red" in found.output
    assert "exec: rm a" in found.output
    assert "2 calls would meet a stricter outcome, 0 a looser one." in found.output
    same = run("replay", "@calls.jsonl", "--policies", "@policies", "--against", "@policies")
    assert "no call is judged otherwise" in same.output
    assert same.return_value == 0


def test_a_replay_is_a_document_and_lines_too(run: Run, folder: Path, other: Path) -> None:
    calls(folder, "rm a", "echo a")
    both = ("replay", "@calls.jsonl", "--policies", "@other", "--against", "@policies")
    document = json.loads(run(*both, "--json").output)
    assert (document["calls"], document["same"], document["unreadable"]) == (2, 1, 0)
    each = run(*both, "--each").output
    assert json.loads(each)["call"] == "exec: rm a"


def test_a_secret_in_a_recorded_call_is_never_shown(run: Run, folder: Path, other: Path) -> None:
    write(other, {"patterns/till.yaml": TOKEN})
    token = invented("till_{32 alnum}")
    calls(folder, f"rm {token}")
    found = run("replay", "@calls.jsonl", "--policies", "@other", "--against", "@policies")
    assert "rm SECRET_REF(found_" in found.output
    assert f"exec: rm {token}" not in found.output


def test_lines_that_hold_no_call_are_told_and_passed_over(run: Run, folder: Path) -> None:
    path = calls(folder, "rm a")
    path.write_text(path.read_text() + "torn\n" * 5)
    found = run("replay", "@calls.jsonl", "--policies", "@policies", "--against", "@policies")
    assert "warning: calls.jsonl:2: is not JSON" in found.stderr
    assert "2 more lines hold no call" in found.stderr
    path.write_text("torn\n")
    with pytest.raises(InputError, match=r"calls\.jsonl:1"):
        run("replay", "@calls.jsonl", "--policies", "@policies", "--against", "@policies")
    with pytest.raises(InputError, match="cannot be read"):
        run("replay", "@no.jsonl", "--policies", "@policies", "--against", "@policies")


def test_calls_come_from_a_pipe_too(run: Run, other: Path) -> None:
    call = json.dumps({"tool": "exec", "params": {"command": "rm a"}})
    found = run("replay", "-", "--policies", "@other", "--against", "@policies", text=call)
    assert "1 call would meet a stricter outcome" in found.output


@pytest.mark.parametrize("command", [["explain", "--command", "rm a"], ["coverage"], ["check"], ["test"]])
def test_what_the_engine_says_against_a_rule_is_told_with_file_and_line(
    run: Run, folder: Path, command: list[str]
) -> None:
    wrong = SMALL["rules/deletes/deletes.rego"].replace(b'== "destroy"', b"== destroy")
    write(folder / "policies", {"rules/deletes/deletes.rego": wrong})
    with pytest.raises(PolicyError) as caught:
        run(*command, "--policies", "@policies")
    assert caught.value.thing == "rules/deletes/deletes.rego:13"
    assert caught.value.fix == "define destroy, or put it in quotes"
