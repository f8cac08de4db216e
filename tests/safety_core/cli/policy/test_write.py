"""`safety policy new`, and mistakes: each is told by file and line, with the reason and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from safety_core.errors import InputError, PolicyError, SafetyError
from tests.safety_core.cli.policy.conftest import Run, write
from tests.simulators.small_policy import SMALL, TEST

RULE = "rules/deletes/deletes.rego"
FLOOR = "floors/base.yaml"
ALL = "catalogue/all.yaml"
VECTOR = b'{"facts":{"actions":[{"kind":"destroy","targets":[{"value":"/x"}]}]},"hits":[]}\n'


def test_a_new_rule_passes_check_and_test_at_once(run: Run) -> None:
    told = run("new", "rule", "deletes_backups", "--policies", "@policies").output
    assert "rules/deletes_backups/deletes_backups_test.rego: written" in told
    assert "4 of 4 tests passed" in run("test", "--policies", "@policies").output
    assert "2 rules" in run("check", "--policies", "@policies").output
    with pytest.raises(InputError, match="is there already"):
        run("new", "rule", "deletes_backups", "--policies", "@policies")


def test_a_new_program_and_a_new_tool_are_understood_at_once(run: Run) -> None:
    run("new", "program", "till", "--policies", "@policies")
    told = run("explain", "--policies", "@policies", "--command", "till list -v --format x").output
    assert "not understood" not in told
    run("new", "tool", "refund_order", "--effect", "money", "--policies", "@policies")
    call = '{"tool": "refund_order", "params": {}}'
    assert "money: uses refund_order" in run("explain", "--policies", "@policies", text=call).output
    assert "ok: revision" in run("check", "--policies", "@policies").output


def test_what_is_listed_already_is_shown_where_it_stands(run: Run) -> None:
    with pytest.raises(InputError, match=r"program rm: stands already at catalogue/all\.yaml:2"):
        run("new", "program", "rm", "--policies", "@policies")
    with pytest.raises(InputError, match=r"tool exec: stands already at catalogue/all\.yaml:7"):
        run("new", "tool", "exec", "--effect", "read", "--policies", "@policies")


def test_nothing_is_written_into_a_policy_that_is_wrong(run: Run, folder: Path) -> None:
    write(folder / "policies", {"hosts.yaml": b"known: yes\n"})
    with pytest.raises(PolicyError, match=r"hosts\.yaml:1"):
        run("new", "rule", "deletes_backups", "--policies", "@policies")
    assert not (folder / "policies/rules/deletes_backups").exists()


@pytest.mark.parametrize(
    ("name", "was", "now", "told"),
    [
        (RULE, b"id: deletes", b"id: delets", r"deletes\.rego:5: METADATA must say custom\.id: deletes"),
        (RULE, b'"red"', b'"rot"', r"deletes\.rego:11: 'rot' is not a level. Fix: write one of green"),
        (RULE, b"[destroy]", b"[destroi]", r"deletes\.rego:6: custom\.kinds must be of read, write"),
        (RULE, b'action.kind == "destroy"', b"no.such(action)", r"deletes\.rego:13: calls no\.such.*README\.md lists"),
        (RULE, b"some target in action.targets", b"some target in", r"deletes\.rego:15: does not load.*Fix: mend"),
        (ALL, b"effect: destroy", b"effect: destory", r"all\.yaml:2: 'destory' is not.*Fix: "),
        (FLOOR, b"[]", b"[{rule: delets, reason: x}]", r"base\.yaml:1: 'delets' names no rule. Fix: write deletes"),
        (FLOOR, b"[]", b"[{rule: zzz, reason: x}]", r"names no rule. Fix: write one of deletes"),
        (RULE, b"action.kind ==", b"action.kinds ==", r"\.rego:13: 'kinds' is no field of an action. Fix: write kind"),
        (RULE, b'== "destroy"', b'== "destory"', r"deletes\.rego:13: 'destory' is no kind. Fix: write destroy"),
        (ALL, b"+recursive", b"+recursiv", r"all\.yaml:2: 'recursiv' is no trait. Fix: write recursive"),
        (ALL, b"\n", b"\n\t", r"all\.yaml:2: is not YAML.*Fix: indent with spaces"),
        (RULE, b"hits contains", b"hit contains", r"deletes\.rego: has no `hits`\. Fix: write: hits contains"),
        (RULE, b'"reason"', b'"resaon"', r"deletes\.rego:11: 'resaon' is no field of a hit. Fix: write reason"),
        ("matrix.yaml", b"trusted: ask", b"trusted: aks", r"matrix\.yaml:3: 'aks' is not one of allow"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(run: Run, folder: Path, name: str, was: bytes, now: bytes, told: str) -> None:
    assert was in SMALL[name]
    write(folder / "policies", {name: SMALL[name].replace(was, now, 1)})
    with pytest.raises(PolicyError, match=told):
        run("check", "--policies", "@policies")


def test_a_vector_that_comes_out_otherwise_says_what_was_expected_and_what_came(run: Run, folder: Path) -> None:
    write(folder / "policies", {"golden.jsonl": VECTOR * 3})
    told = r'golden\.jsonl:1: comes out otherwise: now deletes red "deletes /x"; and 2 more vectors below it. Fix: mend'
    with pytest.raises(SafetyError, match=told):
        run("check", "--policies", "@policies")
    wrong = VECTOR.replace(b"[]}\n", b'[{"level":"red","reason":"no","rule":"deletes"}]}\n')
    write(folder / "policies", {"golden.jsonl": wrong})
    with pytest.raises(SafetyError, match=r'otherwise: no longer deletes red "no", now deletes red "deletes /x"\. Fix'):
        run("check", "--policies", "@policies")


def test_a_failing_test_says_at_which_condition_it_stops(run: Run, folder: Path) -> None:
    write(folder / "policies", {"rules/deletes/deletes_test.rego": TEST.replace(b"deletes /x", b"deletes /y")})
    found = run("test", "--policies", "@policies")
    assert found.return_value == 1
    assert "rules/deletes/deletes_test.rego:7: test_deleting_is_red stops here: data.safety.rules" in found.output


def test_what_is_no_folder_of_sources_is_told_apart(run: Run, folder: Path) -> None:
    with pytest.raises(InputError, match=r"is a file.*explain, diff and replay also take a bundle"):
        run("check", "--policies", "@policies/matrix.yaml")
    with pytest.raises(InputError, match="is not there"):
        run("check", "--policies", "@nothing")
    write(folder / "policies", {"catalogue/till.yml": b"programs: {}\n"})
    with pytest.raises(PolicyError, match=r"catalogue/till\.yml: is passed over.*name it catalogue/till\.yaml"):
        run("check", "--policies", "@policies")


def test_a_wrong_answer_is_told_with_its_line(run: Run) -> None:
    with pytest.raises(InputError, match=r"ANSWERS:2: is no answer with facts.*--facts"):
        run("golden", "--policies", "@policies", text='\n{"level": "green"}\n')
