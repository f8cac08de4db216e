"""Which outward grants a call needs: the policy's come first, and of the counted ones as few as will do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.gate import covering, rule_on
from safety_core.model.approval import StandingGrant
from safety_core.model.facts import Facts
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.policy import OutwardGrant
from tests.safety_core.flow.conftest import HUB
from tests.safety_core.gate.test_ruling import AGENT, CALL, NOW, at_tier, mail_to, verdict
from tests.simulators.policies import policy, signed_standing

ANNA, BERT = "anna@x.test", "bert@x.test"


def made(recipient: str, identity: str = "a", **changes: Any) -> StandingGrant:
    return replace(signed_standing(HUB), id=identity, agent=AGENT, recipient=recipient, not_after=NOW + 9, **changes)


def needed(*standing: StandingGrant, to: tuple[str, ...] = (ANNA,), **rules: Any) -> tuple[str, ...] | None:
    outward = verdict(Level.YELLOW_EXTERNAL, facts=mail_to(*to), outward=True)
    return covering(CALL, outward, policy(**rules), NOW, standing)


def test_one_that_names_whom_the_call_reaches_is_needed() -> None:
    assert needed(made(ANNA)) == ("a",)
    assert needed(made("@x.test")) == ("a",)
    assert needed(made(BERT)) is None
    assert needed(made(ANNA, tool="exec")) is None
    assert needed(replace(made(ANNA), not_after=NOW)) is None


def test_whom_the_policy_covers_costs_nobody_a_use() -> None:
    listed = OutwardGrant(AGENT, "message", ANNA, NOW + 1)
    assert needed(made(ANNA), outward=(listed,)) == ()
    assert needed(made(ANNA), made(BERT, "b"), to=(ANNA, BERT), outward=(listed,)) == ("b",)


def test_one_for_a_domain_is_counted_once_for_all_who_are_there() -> None:
    assert needed(made("@x.test"), to=(ANNA, BERT)) == ("a",)
    assert needed(made(ANNA), made(BERT, "b"), to=(ANNA, BERT)) == ("a", "b")
    assert needed(made(ANNA), to=(ANNA, "spy@evil.test")) is None


@pytest.mark.parametrize(
    ("given", "reached"),
    [
        ("@stra\u00dfe.test", "a@strasse.test"),
        ("a@stra\u00dfe.test", "a@strasse.test"),
        ("@\u212aite.test", "a@kite.test"),
        ("a@o\ufb00er.test", "a@offer.test"),
    ],
)
def test_one_for_a_domain_beyond_ascii_covers_none_that_it_folds_to(given: str, reached: str) -> None:
    assert needed(made(given), to=(reached,)) is None
    assert needed(to=(reached,), outward=(OutwardGrant(AGENT, "message", given, NOW + 1),)) is None
    assert needed(made(reached.upper()), to=(reached,)) == ("a",)


def test_of_several_the_one_that_ends_first_is_used() -> None:
    assert needed(made(ANNA), replace(made(ANNA, "b"), not_after=NOW + 5)) == ("b",)


@pytest.mark.parametrize("level", [level for level in Level if level > Level.YELLOW_EXTERNAL])
def test_nothing_graver_is_covered(level: Level) -> None:
    graver = verdict(level, facts=mail_to(ANNA), outward=True)
    assert covering(CALL, graver, policy(), NOW, [made(ANNA)]) is None


def test_what_was_not_understood_or_names_nobody_is_not_covered() -> None:
    for facts in (replace(mail_to(ANNA), unknown=("a part",)), mail_to(), Facts("message", AGENT)):
        odd = verdict(Level.YELLOW_EXTERNAL, facts=facts, outward=True)
        assert covering(CALL, odd, policy(), NOW, [made(ANNA)]) is None
    inward = verdict(Level.YELLOW, facts=mail_to(ANNA))
    assert covering(CALL, inward, policy(), NOW, [made(ANNA)]) is None


@given(st.sampled_from(Level), st.sampled_from(Tier), st.lists(st.sampled_from([ANNA, BERT, "@x.test"]), max_size=3))
def test_a_grant_from_a_card_loosens_no_more_than_the_policys_own(
    level: Level, tier: Tier, recipients: list[str]
) -> None:
    outward = verdict(max(level, Level.YELLOW_EXTERNAL), facts=mail_to(ANNA, BERT), outward=True)
    listed = tuple(OutwardGrant(AGENT, "message", recipient, NOW + 1) for recipient in recipients)
    standing = [made(recipient, str(number)) for number, recipient in enumerate(recipients)]
    by_policy = rule_on(CALL, outward, at_tier(tier, outward=listed), NOW).outcome
    by_card = rule_on(CALL, outward, at_tier(tier), NOW, standing=standing).outcome
    assert by_card is by_policy
    assert by_card >= (Outcome.ALLOW if level <= Level.YELLOW_EXTERNAL else Outcome.ASK)
