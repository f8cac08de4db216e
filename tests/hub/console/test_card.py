"""What waits is sorted by how much it matters, alike questions together."""

from __future__ import annotations

from nacl.signing import SigningKey

from hub.approvals.questions import Question
from hub.console.card import GIST, Tiers, card, cards, gist
from hub.store.standing import SentEdit
from safety_core.approve import Answer, code
from safety_core.edits import edit_of
from safety_core.model.approval import ANSWER_SECONDS, ApprovalState
from safety_core.model.blueprint import PLAN
from safety_core.model.level import Level, Tier
from safety_core.model.policy import KeyKind
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import START, question
from tests.simulators.policies import policy

NOBODY = Tiers({})


def waiting(**given: object) -> Question:
    asked = question(**given)  # type: ignore[arg-type]
    return Question(asked, ApprovalState.PENDING, START, asked.expires)


def test_the_gravest_first_but_for_what_runs_out() -> None:
    mild = waiting(tool="a", level=Level.YELLOW_EXTERNAL)
    grave = waiting(tool="b", level=Level.CRITICAL_RED)
    soon = waiting(tool="c", level=Level.YELLOW, expires=START + 600)
    later = waiting(tool="d", level=Level.RED, expires=START + ANSWER_SECONDS - 1)
    red = waiting(tool="e", level=Level.RED)
    shown = cards([mild, red, grave, soon, later], NOBODY, "Olga", START)
    assert [one.question.request.tool for one in shown] == ["c", "b", "d", "e", "a"]


def test_alike_ones_are_one_card() -> None:
    alike = [waiting(params={"command": f"rm {number}"}) for number in range(3)]
    other = waiting(tenant="other")
    shown = cards([*alike, other], NOBODY, "Olga", START)
    assert [len(one.all) for one in shown] == [3, 1]
    assert shown[0].also == "?also=" + ",".join(one.question.request.id for one in shown[0].alike)
    assert shown[1].also == ""
    assert [one.code for one in shown[0].all] == [code(one.request.action_digest) for one in alike]


def test_what_is_being_changed_is_alike_to_nothing() -> None:
    asked = [waiting(params={"command": f"rm {number}"}) for number in range(3)]
    said = Answer(allow=True, approver="Olga", origin="console", nonce="1" * 32)
    edit = edit_of(asked[1].request, {"command": "ls"}, SigningKey.generate(), KeyKind.HUB, said, START)
    on_its_way, refused = SentEdit(edit, START, None), SentEdit(edit, START, "floor: no_audit_tampering")
    shown = cards(asked, NOBODY, "Olga", START, {asked[1].key: on_its_way})
    assert sorted((len(one.all), one.changing) for one in shown) == [(1, True), (2, False)]
    assert next(one.question for one in shown if one.changing) == asked[1]
    again = cards(asked, NOBODY, "Olga", START, {asked[1].key: refused})
    assert [(len(one.all), one.changing) for one in again] == [(3, False)]


def test_the_tier_is_the_policys() -> None:
    known = Tiers({TenantId("acme"): policy()})
    assert card(waiting(), known, "Olga").tier is Tier.TRUSTED
    assert card(waiting(), NOBODY, "Olga").tier is None


def test_a_gist_is_short() -> None:
    assert gist(waiting(params={"command": "rm -r\n  ./old"})) == "rm -r ./old"
    assert len(gist(waiting(params={"command": "x" * 500}))) == GIST
    assert gist(waiting(params={})) == "no arguments"


def test_a_plan_is_one_card_of_its_steps_of_which_nothing_can_be_changed() -> None:
    plan = waiting(
        tool=PLAN, params={"plan": "Welcome", "steps": [{"step": "mail", "arguments": {"to": "a@b.example"}}]}
    )
    (shown,) = cards([plan], NOBODY, "Olga", START)
    assert (shown.of_plan, shown.wish) == (True, "wants one answer for a plan")
    assert [one.name for one in shown.arguments] == ["plan", "1. mail"]
    (other,) = cards([waiting(tool="exec")], NOBODY, "Olga", START)
    assert (other.of_plan, other.wish) == (False, "wants to use exec")
