"""The gate's table, its external gate, and the two properties that hold for all inputs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.canonical import JsonObject
from safety_core.gate import rule_on
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind, Zone
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.policy import AgentManifest, OutwardGrant
from safety_core.model.tool_call import AgentId, CallId, SessionId, ToolCall
from safety_core.model.verdict import Hit, Verdict
from tests.simulators.policies import MATRIX, TENANT, policy

AGENT = AgentId("shop-helper")
CALL = ToolCall(CallId("c1"), TENANT, AGENT, SessionId("s1"), "message", {})
NOW = 1_000_000.0


def mail_to(*addresses: str) -> Facts:
    targets = tuple(Target(TargetKind.RECIPIENT, address, Zone.OUTSIDE) for address in addresses)
    return Facts("message", AGENT, (Action(Kind.OUTWARD, "message", "message send", targets),))


def verdict(level: Level, *, facts: Facts | None = None, rule: str = "some_rule", outward: bool = False) -> Verdict:
    hit = Hit(rule, level, "because")
    return Verdict(level, rule, (hit,), facts or Facts("message", AGENT), outward, "r1")


def at_tier(tier: Tier, **changes: object) -> object:
    return policy(agents={AGENT: AgentManifest(AGENT, tier)}, **changes)


def grant(recipient: str, *, until: float = NOW + 1, agent: AgentId = AGENT, tool: str = "message") -> OutwardGrant:
    return OutwardGrant(agent, tool, recipient, until)


@pytest.mark.parametrize(("cell", "outcome"), MATRIX.items(), ids=str)
def test_inward_calls_follow_the_matrix(cell: tuple[Level, Tier], outcome: Outcome) -> None:
    level, tier = cell
    ruling = rule_on(CALL, verdict(level), at_tier(tier), NOW)
    article = "an" if tier is Tier.AUTONOMOUS else "a"
    assert (ruling.outcome, ruling.clauses) == (outcome, (f"{level.word} for {article} {tier.word} agent",))


@pytest.mark.parametrize("tier", Tier)
def test_no_tier_opens_the_external_gate(tier: Tier) -> None:
    ruling = rule_on(CALL, verdict(Level.YELLOW_EXTERNAL, facts=mail_to("a@x.test"), outward=True), at_tier(tier), NOW)
    assert ruling.outcome is Outcome.ASK
    assert any("external gate" in clause for clause in ruling.clauses)


def test_an_autonomous_agent_may_do_red_things_but_not_outward_ones() -> None:
    red = verdict(Level.RED, facts=mail_to("a@x.test"))
    assert rule_on(CALL, red, at_tier(Tier.AUTONOMOUS), NOW).outcome is Outcome.ALLOW
    assert rule_on(CALL, replace(red, outward=True), at_tier(Tier.AUTONOMOUS), NOW).outcome is Outcome.ASK


@pytest.mark.parametrize(
    ("recipient", "until", "covered"),
    [
        ("anna@x.test", NOW + 1, True),
        ("ANNA@X.test", NOW + 1, True),
        ("@x.test", NOW + 1, True),
        ("@sub.x.test", NOW + 1, False),
        ("@evil-x.test", NOW + 1, False),
        ("anna@x.test", NOW, False),
        ("bert@x.test", NOW + 1, False),
    ],
)
def test_an_outward_grant_makes_a_mail_yellow_for_its_recipient_only(
    recipient: str, until: float, covered: bool
) -> None:
    outward = verdict(Level.YELLOW_EXTERNAL, facts=mail_to("anna@x.test"), outward=True)
    rules = policy(outward=(grant(recipient, until=until),))
    assert rule_on(CALL, outward, rules, NOW).outcome is (Outcome.ALLOW if covered else Outcome.ASK)


def test_one_recipient_without_a_grant_is_enough_to_ask() -> None:
    outward = verdict(Level.YELLOW_EXTERNAL, facts=mail_to("anna@x.test", "spy@evil.test"), outward=True)
    assert rule_on(CALL, outward, policy(outward=(grant("@x.test"),)), NOW).outcome is Outcome.ASK


@pytest.mark.parametrize("other", [grant("@x.test", agent=AgentId("other")), grant("@x.test", tool="exec")])
def test_a_grant_of_another_agent_or_tool_covers_nothing(other: OutwardGrant) -> None:
    outward = verdict(Level.YELLOW_EXTERNAL, facts=mail_to("anna@x.test"), outward=True)
    assert rule_on(CALL, outward, policy(outward=(other,)), NOW).outcome is Outcome.ASK


def test_an_outward_call_to_nobody_in_particular_is_covered_by_no_grant() -> None:
    outward = verdict(Level.YELLOW_EXTERNAL, outward=True)
    assert rule_on(CALL, outward, policy(outward=(grant("@x.test"),)), NOW).outcome is Outcome.ASK


@pytest.mark.parametrize(
    ("address", "recipient", "covered"),
    [
        ("anna@stra\u00dfe.test", "@strasse.test", False),
        ("anna@stra\u00dfe.test", "anna@strasse.test", False),
        ("anna@\u212aiosk.test", "@kiosk.test", False),
        ("anna@stra\u00dfe.test", "anna@stra\u00dfe.test", True),
    ],
)
def test_letters_that_only_look_the_same_once_folded_are_others(address: str, recipient: str, covered: bool) -> None:
    outward = verdict(Level.YELLOW_EXTERNAL, facts=mail_to(address), outward=True)
    ruling = rule_on(CALL, outward, policy(outward=(grant(recipient),)), NOW)
    assert (ruling.outcome is Outcome.ALLOW) is covered


def test_a_domain_grant_names_people_not_hosts() -> None:
    host = Facts("message", AGENT, (Action(Kind.OUTWARD, "curl", "curl", (Target(TargetKind.HOST, "a@x.test"),)),))
    outward = verdict(Level.YELLOW_EXTERNAL, facts=host, outward=True)
    assert rule_on(CALL, outward, policy(outward=(grant("@x.test"),)), NOW).outcome is Outcome.ASK


@pytest.mark.parametrize(
    "written",
    [
        "spy@evil.test, a@x.test",
        "spy@evil.test;a@x.test",
        "<spy@evil.test> a@x.test",
        "spy%evil.test@x.test",
        "evil.test!spy@x.test",
        '"spy@evil.test"@x.test',
        "a@x.test\nbcc: spy@evil.test",
        "a b@x.test",
        "@x.test",
        "a@x.test ",
    ],
)
def test_a_domain_grant_covers_plain_addresses_only(written: str) -> None:
    outward = verdict(Level.YELLOW_EXTERNAL, facts=mail_to(written), outward=True)
    assert rule_on(CALL, outward, policy(outward=(grant("@x.test"),)), NOW).outcome is Outcome.ASK


@pytest.mark.parametrize("level", [Level.RED, Level.CRITICAL_RED])
def test_no_grant_covers_what_is_graver_than_reaching_somebody(level: Level) -> None:
    outward = verdict(level, facts=mail_to("a@x.test"), outward=True)
    rules = at_tier(Tier.AUTONOMOUS, outward=(grant("@x.test"),))
    assert rule_on(CALL, outward, rules, NOW).outcome >= Outcome.ASK


def test_a_grant_covers_nothing_that_was_not_understood_whole() -> None:
    facts = replace(mail_to("a@x.test"), unknown=("an argument",))
    outward = verdict(Level.YELLOW_EXTERNAL, facts=facts, outward=True)
    assert rule_on(CALL, outward, policy(outward=(grant("@x.test"),)), NOW).outcome is Outcome.ASK


def test_one_outward_effect_that_names_nobody_is_enough_to_ask() -> None:
    mail = mail_to("a@x.test")
    facts = replace(mail, actions=(*mail.actions, Action(Kind.READ, "ls", "ls"), Action(Kind.OUTWARD, "x", "x push")))
    outward = verdict(Level.YELLOW_EXTERNAL, facts=facts, outward=True)
    assert rule_on(CALL, outward, policy(outward=(grant("@x.test"),)), NOW).outcome is Outcome.ASK


def test_a_floor_says_why_it_is_one() -> None:
    rules = policy(floor_reasons={"disables_safety": "nobody asks for this"})
    ruling = rule_on(CALL, verdict(Level.GREEN, rule="disables_safety"), rules, NOW)
    assert ruling.clauses == ("floor: disables_safety", "floor's reason: nobody asks for this")


def test_a_floor_denies_whatever_the_tier_and_names_itself() -> None:
    ruling = rule_on(CALL, verdict(Level.GREEN, rule="disables_safety"), at_tier(Tier.AUTONOMOUS), NOW)
    assert ruling.outcome is Outcome.DENY
    assert ruling.clauses == ("floor: disables_safety",)


def test_a_tool_outside_the_manifest_is_unreachable() -> None:
    listed = policy(agents={AGENT: AgentManifest(AGENT, Tier.AUTONOMOUS, frozenset({"read"}))})
    ruling = rule_on(CALL, verdict(Level.GREEN), listed, NOW)
    assert ruling.outcome is Outcome.DENY
    assert "no tool message" in ruling.clauses[0]
    reading = verdict(Level.GREEN, facts=Facts("read", AGENT))
    assert rule_on(CALL, reading, listed, NOW).outcome is Outcome.ALLOW


INWARD = [level for level in Level if level is not Level.YELLOW_EXTERNAL]
inward_levels = st.sampled_from(INWARD)
outward_levels = st.sampled_from([level for level in Level if level >= Level.YELLOW_EXTERNAL])
tiers = st.sampled_from(list(Tier))
grants = st.lists(st.sampled_from(["@x.test", "anna@x.test", "@y.test"]), max_size=3)


@given(st.tuples(inward_levels, inward_levels), tiers)
def test_a_higher_level_never_loosens(levels: tuple[Level, Level], tier: Tier) -> None:
    low, high = sorted(levels)
    rules = at_tier(tier)
    assert rule_on(CALL, verdict(low), rules, NOW).outcome <= rule_on(CALL, verdict(high), rules, NOW).outcome


@given(st.tuples(outward_levels, outward_levels), tiers, grants)
def test_a_higher_outward_level_never_loosens(levels: tuple[Level, Level], tier: Tier, given_to: list[str]) -> None:
    low, high = sorted(levels)
    rules = at_tier(tier, outward=tuple(grant(recipient) for recipient in given_to))
    facts = mail_to("anna@x.test")
    outcomes = [rule_on(CALL, verdict(level, facts=facts, outward=True), rules, NOW).outcome for level in (low, high)]
    assert outcomes[0] <= outcomes[1]


@given(inward_levels, st.tuples(tiers, tiers), st.booleans())
def test_a_lower_tier_never_loosens(level: Level, pair: tuple[Tier, Tier], outward: bool) -> None:
    low, high = sorted(pair)
    judged = verdict(
        max(level, Level.YELLOW_EXTERNAL) if outward else level, facts=mail_to("a@x.test"), outward=outward
    )
    assert rule_on(CALL, judged, at_tier(low), NOW).outcome >= rule_on(CALL, judged, at_tier(high), NOW).outcome


@given(inward_levels, tiers)
def test_reaching_outside_never_loosens(level: Level, tier: Tier) -> None:
    inward = rule_on(CALL, verdict(level), at_tier(tier), NOW).outcome
    outward = verdict(max(level, Level.YELLOW_EXTERNAL), facts=mail_to("a@x.test"), outward=True)
    assert rule_on(CALL, outward, at_tier(tier), NOW).outcome >= max(inward, Outcome.ASK)


def test_both_properties_hold_for_every_level_tier_and_grant() -> None:
    """All of the table at once: levels and tiers in their order, inward and outward, with every grant and without."""
    for outward in (False, True):
        levels = [level for level in Level if (level >= Level.YELLOW_EXTERNAL if outward else level in INWARD)]
        for given_to in ((), (grant("@x.test"),), (grant("@x.test", until=NOW),), (grant("@y.test"),)):
            outcomes = [
                [
                    rule_on(
                        CALL,
                        verdict(level, facts=mail_to("a@x.test") if outward else None, outward=outward),
                        at_tier(tier, outward=given_to),
                        NOW,
                    ).outcome
                    for tier in Tier
                ]
                for level in levels
            ]
            for milder, graver in pairwise(outcomes):
                assert all(one <= two for one, two in zip(milder, graver, strict=True))
            for row in outcomes:
                assert row == sorted(row, reverse=True)


@pytest.mark.parametrize(
    ("listed", "refs", "discovered", "outcome"),
    [
        (None, ("shop_key",), (), Outcome.ALLOW),
        (frozenset({"shop_key"}), ("shop_key",), (), Outcome.ALLOW),
        (frozenset({"shop_key"}), ("shop_key", "bank_key"), (), Outcome.DENY),
        (frozenset(), ("shop_key",), (), Outcome.DENY),
        (frozenset(), (), (), Outcome.ALLOW),
        (frozenset(), ("found_x_1",), ("found_x_1",), Outcome.ALLOW),
    ],
)
def test_an_agent_uses_no_secret_that_its_manifest_does_not_list(
    listed: frozenset[str] | None, refs: tuple[str, ...], discovered: tuple[str, ...], outcome: Outcome
) -> None:
    facts = Facts("exec", AGENT, refs=refs, discovered=discovered)
    rules = policy(agents={AGENT: AgentManifest(AGENT, Tier.AUTONOMOUS, secrets=listed)})
    ruling = rule_on(CALL, verdict(Level.GREEN, facts=facts), rules, NOW)
    assert ruling.outcome is outcome
    if outcome is Outcome.DENY:
        assert ruling.clauses == (f"manifest: {AGENT} may not use the secret {refs[-1]}",)


@pytest.mark.parametrize("tier", Tier)
def test_a_tool_may_ask_in_every_tier(tier: Tier) -> None:
    catalogue: JsonObject = {"tools": {"message": {"asks": "it is heard by all"}, "exec": {}, "odd": 3}}
    rules = replace(at_tier(tier), catalogue=catalogue)
    ruling = rule_on(CALL, verdict(Level.GREEN), rules, NOW)
    assert (ruling.outcome, ruling.clauses[-1]) == (Outcome.ASK, "message asks in every tier: it is heard by all")
    for tool in ("exec", "odd", "other"):
        facts = Facts(tool, AGENT)
        assert rule_on(CALL, verdict(Level.GREEN, facts=facts), rules, NOW).outcome is Outcome.ALLOW
    odd = replace(rules, catalogue={"tools": 3})
    assert rule_on(CALL, verdict(Level.GREEN), odd, NOW).outcome is Outcome.ALLOW
