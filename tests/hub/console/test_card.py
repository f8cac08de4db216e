"""What waits is sorted by how much it matters, alike questions together."""

from __future__ import annotations

from hub.approvals.questions import Question
from hub.console.card import GIST, Tiers, card, cards, gist
from safety_core.approve import code
from safety_core.model.approval import ANSWER_SECONDS, ApprovalState
from safety_core.model.level import Level, Tier
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


def test_the_tier_is_the_policys() -> None:
    known = Tiers({TenantId("acme"): policy()})
    assert card(waiting(), known, "Olga").tier is Tier.TRUSTED
    assert card(waiting(), NOBODY, "Olga").tier is None


def test_a_gist_is_short() -> None:
    assert gist(waiting(params={"command": "rm -r\n  ./old"})) == "rm -r ./old"
    assert len(gist(waiting(params={"command": "x" * 500}))) == GIST
    assert gist(waiting(params={})) == "no arguments"
