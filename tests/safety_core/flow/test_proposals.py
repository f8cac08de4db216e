"""What people approved again and again becomes a change for review: the narrowest one, with its evidence."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from safety_core.bundle.source import compile_bundle
from safety_core.canonical import Digest, JsonObject
from safety_core.flow.habits import Habit, habits
from safety_core.flow.proposals import Proposal, patch, propose
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState, Grant, KeyId, RequestId
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, SessionId, TenantId
from tests.simulators.repository import SOURCES

NOW = 1_800_000_000.0
CATALOGUE = b"""\
tools:
  exec: {args: {command: [command]}}
  message: {effect: outward, words: sends a message, args: {recipient: [to]}}
  webhook: {effect: outward, words: posts, args: {url: [url]}}
  announce: {effect: outward, words: tells everybody}
programs:
  rm: {effect: destroy, words: deletes files, operands: path, options: {-r: +recursive}}
  sure: {effect: destroy, words: deletes}
verbs: {money: [refund]}
"""
FILES = {**SOURCES, "floors/base.yaml": b"floors: []\n", "catalogue/a.yaml": CATALOGUE}
EXCEPTION = (
    "+\tnot approved_habit_1(action)\n"
    ' \taction.kind == "destroy"\n'
    " \tsome target in action.targets\n"
    " }\n"
    "+\n"
    "+# What people approved each time; see the evidence in the proposal.\n"
    "+approved_habit_1(action) if {\n"
    '+\tobject.get(input, "agent", "") == "main"\n'
    '+\tobject.get(input, "tool", "") == "exec"\n'
    '+\tobject.get(action, "form", "") in {"rm"}\n'
    '+\tzones := {object.get(target, "zone", "unknown") | some target in object.get(action, "targets", [])}\n'
    '+\tcount(zones - {"workspace"}) == 0\n'
    "+}\n"
)


def approval(
    number: int,
    tool: str,
    params: JsonObject,
    *,
    level: Level = Level.YELLOW_EXTERNAL,
    rules: tuple[str, ...] = ("outward",),
    allow: bool | None = True,
    state: ApprovalState = ApprovalState.USED,
) -> Approval:
    id_ = RequestId(f"{number:032x}")
    request = ApprovalRequest(
        id_, TenantId("one"), AgentId("main"), SessionId("s"), tool, params, level, True, False, rules, "because",
        Digest("0" * 64), "r", NOW, NOW,
    )  # fmt: skip
    if allow is None:
        return Approval(request, state)
    signed = KeyId("hub"), "0" * 128
    grant = Grant(
        id_, request.action_digest, "r", allow, "olga", "console", "0" * 32, NOW + number * 86400, NOW, *signed
    )
    return Approval(request, state, grant)


def many(tool: str, *params: JsonObject, times: int = 5, **more: object) -> list[Approval]:
    return [approval(number, tool, params[number % len(params)], **more) for number in range(times)]  # type: ignore[arg-type]


def found(approvals: Iterable[Approval], files: dict[str, bytes] | None = None) -> list[Habit]:
    policy = compile_bundle(files or FILES, tenant="one")[1].policy
    return [*habits(approvals, policy, "/workspace")]


def proposed(
    approvals: Iterable[Approval], files: dict[str, bytes] | None = None, *, include_red: bool = False
) -> Proposal | None:
    sources = files or FILES
    policy = compile_bundle(sources, tenant="one")[1].policy
    habit = habits(approvals, policy, "/workspace")[0]
    return propose(habit, sources, policy, NOW, include_red=include_red)


def red(command: str = "rm a", **more: object) -> list[Approval]:
    return many("exec", {"command": command}, **{"level": Level.RED, "rules": ("deletes", "unruled"), **more})  # type: ignore[arg-type]


def test_calls_of_one_sort_are_counted_together_and_others_apart() -> None:
    calls = [
        *many("message", {"to": "a@shop.example"}, {"to": "b@shop.example"}, times=3),
        approval(7, "message", {"to": "c@other.example"}),
        approval(8, "message", {"to": "c@other.example"}, allow=None, state=ApprovalState.PENDING),
    ]
    shop, other = found(calls)
    assert (shop.outline.domains, len(shop.evidence)) == (("shop.example",), 3)
    assert (other.outline.domains, len(other.evidence)) == (("other.example",), 1)
    assert shop.outline.in_words() == "main: message message to shop.example (yellow_external)"
    assert [target.value for target in shop.recipients] == ["a@shop.example", "b@shop.example"]


def test_too_few_approvals_are_no_habit_and_one_denial_ends_it() -> None:
    assert proposed(many("message", {"to": "a@shop.example"}, times=4)) is None
    denied = approval(9, "message", {"to": "a@shop.example"}, allow=False)
    assert proposed([*many("message", {"to": "a@shop.example"}), denied]) is None
    closed = approval(9, "message", {"to": "a@shop.example"}, allow=None, state=ApprovalState.DENIED)
    assert proposed([*many("message", {"to": "a@shop.example"}), closed]) is None


def test_outward_calls_become_grants_for_a_time() -> None:
    one = proposed(many("message", {"to": "a@shop.example"}))
    assert one is not None
    assert one.files["outward.yaml"] == (
        b'outward:\n  - {agent: "main", tool: "message", recipient: "a@shop.example", not_after: 1807776000}'
        b"  # 2027-04-15\n"
    )
    several = proposed(many("message", {"to": "a@shop.example"}, {"to": "b@shop.example"}))
    assert several is not None
    granted = several.files["outward.yaml"]
    assert (granted.count(b"a@shop.example"), granted.count(b"b@shop.example"), granted.count(b'"@')) == (1, 1, 0)
    hosts = proposed(many("webhook", {"url": "https://a.example/x"}))
    assert hosts is not None
    assert b'recipient: "a.example"' in hosts.files["outward.yaml"]


def test_grants_are_added_to_those_that_stand_there() -> None:
    there = b"outward:\n  - {agent: a, tool: b, recipient: c, not_after: 1}"
    one = proposed(many("message", {"to": "a@shop.example"}), {**FILES, "outward.yaml": there})
    assert one is not None
    assert one.files["outward.yaml"].startswith(there + b"\n  - {agent")
    compile_bundle({**FILES, **one.files}, tenant="one")


def test_nobody_is_no_recipient() -> None:
    one = proposed(many("announce", {}))
    assert one is not None
    assert (one.files, one.refused) == ({}, "whom it reaches is not named in the call")


def test_red_is_proposed_only_when_asked_for() -> None:
    one = proposed(red())
    assert one is not None
    assert "--include-red" in one.refused
    other = proposed(red(), include_red=True)
    assert other is not None
    text = patch(other, FILES)
    assert EXCEPTION in text
    assert "Approved 5 times, never denied:\n  olga (console): 5 times, 2027-01-15 to 2027-01-19" in text
    again = proposed(red(), {**FILES, **other.files}, include_red=True)
    assert again is not None
    assert "approved_habit_2(action)" in patch(again, FILES)


def test_an_exception_needs_a_clause_to_which_it_can_be_tied() -> None:
    loose = (
        SOURCES["rules/deletes/deletes.rego"]
        .replace(b"\tsome action in input.actions\n", b"")
        .replace(b"action.", b"input.")
    )
    one = proposed(red(), {**FILES, "rules/deletes/deletes.rego": loose}, include_red=True)
    assert one is not None
    assert "no `some action in`" in one.refused


def test_what_touches_nothing_is_told_by_an_empty_set() -> None:
    one = proposed(red("sure"), include_red=True)
    assert one is not None
    assert "count(zones - set()) == 0" in patch(one, FILES)


@pytest.mark.parametrize("files", [FILES, SOURCES | {"catalogue/a.yaml": CATALOGUE}])
def test_critical_red_and_floors_are_never_proposed(files: dict[str, bytes]) -> None:
    level = Level.CRITICAL_RED if files is FILES else Level.RED
    one = proposed(red(level=level), files, include_red=True)
    assert one is not None
    assert one.refused.startswith("what is critical_red")


def test_a_program_that_nobody_listed_is_listed_first() -> None:
    one = proposed(red("till open", rules=("unknown",)), include_red=True)
    assert one is not None
    assert b"effect: write" in one.files["catalogue/till.yaml"]
    paid = proposed(red("till refund", rules=("unknown",)), include_red=True)
    assert paid is not None
    assert b"effect: money" in paid.files["catalogue/till.yaml"]
    assert "--- /dev/null\n+++ b/catalogue/till.yaml" in patch(paid, FILES)
    there = {**FILES, "catalogue/till.yaml": b"programs: {kasse: read}\n"}
    twice = proposed(red("till open", rules=("unknown",)), there, include_red=True)
    assert twice is not None
    assert twice.refused == "catalogue/till.yaml is there already"
    odd = proposed(red("+till open", rules=("unknown",)), include_red=True)
    assert odd is not None
    assert "no name of a program" in odd.refused


def test_what_was_not_understood_whole_is_no_proposal() -> None:
    one = proposed(red("rm a; $X b"), include_red=True)
    assert one is not None
    assert "not understood whole" in one.refused


def test_where_the_matrix_asks_about_a_whole_level_there_is_nothing_to_propose() -> None:
    one = proposed(many("exec", {"command": "rm a"}, level=Level.YELLOW, rules=("unruled",)))
    assert one is not None
    assert "the matrix asks about every call" in one.refused
