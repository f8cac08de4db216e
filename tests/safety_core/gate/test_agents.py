"""An agent that starts another, or sets it to work: in its family's limits, and asked where that one may do more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety_core.canonical import JsonObject
from safety_core.gate import SPAWN, SPEAK, most_running, rule_on
from safety_core.model.budget import UNBOUND, Budget
from safety_core.model.descent import FIRST_GENERATION, Descent
from safety_core.model.facts import Facts
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.policy import AgentManifest, Sandbox, Subagents
from safety_core.model.tool_call import AgentId, CallId, SessionId, ToolCall
from safety_core.model.verdict import Hit, Ruling, Verdict
from tests.simulators.policies import TENANT, policy

AGENT = AgentId("shop-helper")
CALL = ToolCall(CallId("c1"), TENANT, AGENT, SessionId("s1"), SPAWN, {})
NOW = 1_000_000.0

HELPER = AgentId("helper")
CHILD = "agent:shop-helper:subagent:7e1c"


def green(tool: str) -> Verdict:
    return Verdict(
        Level.GREEN, "some_rule", (Hit("some_rule", Level.GREEN, "because"),), Facts(tool, AGENT), False, "r1"
    )


def spawns(
    params: JsonObject | None = None,
    *manifests: AgentManifest,
    session: str = "agent:shop-helper:main",
    descent: Descent = FIRST_GENERATION,
) -> Ruling:
    """Say what the gate makes of an agent that starts another, where the rules say green."""
    call = replace(CALL, session=SessionId(session), params=params or {"task": "count the loaves"})
    rules = policy(agents={manifest.name: manifest for manifest in manifests})
    return rule_on(call, green(SPAWN), rules, NOW, descent)


def test_an_agent_starts_helpers_that_start_none() -> None:
    assert spawns().outcome is Outcome.ALLOW
    for ruling in (spawns(session=CHILD), spawns(descent=Descent(AGENT, depth=1))):
        assert ruling.outcome is Outcome.DENY
        assert ruling.clauses == ("subagents: this would be one of depth 2, and shop-helper may have depth 1",)


def test_the_manifest_says_how_deep_and_how_many() -> None:
    none = AgentManifest(AGENT, Tier.TRUSTED, subagents=Subagents(0))
    assert spawns(None, none).clauses == ("subagents: this would be one of depth 1, and shop-helper may have none",)
    own = AgentManifest(AGENT, Tier.AUTONOMOUS, subagents=Subagents(3, 2))
    assert spawns(None, own, descent=Descent(AGENT, 2, 1)).outcome is Outcome.ALLOW
    assert spawns(None, own, descent=Descent(AGENT, 2, 2)).clauses == (
        "subagents: 2 are running, and shop-helper may have 2 at once",
    )
    assert spawns(None, own, descent=Descent(AGENT, 3)).outcome is Outcome.DENY


def test_the_limits_of_whoever_began_bind_the_whole_family() -> None:
    wide = AgentManifest(AGENT, Tier.TRUSTED, subagents=Subagents(5, 50))
    ruling = spawns(None, wide, descent=Descent(HELPER, 1, 4))
    assert ruling.outcome is Outcome.DENY
    assert ruling.clauses == (
        "subagents: this would be one of depth 2, and helper may have depth 1",
        "subagents: 4 are running, and helper may have 4 at once",
    )


def test_the_smallest_number_of_the_family_counts() -> None:
    rules = policy(agents={AGENT: AgentManifest(AGENT, Tier.TRUSTED, subagents=Subagents(1, 9))})
    assert most_running(CALL, FIRST_GENERATION, rules) == 9
    assert most_running(CALL, Descent(HELPER, 1), rules) == 4


OWN = AgentManifest(
    AGENT,
    Tier.TRUSTED,
    frozenset({SPAWN, "read"}),
    frozenset({"CRM"}),
    Sandbox.REQUIRED,
    budget=Budget(100, usd_per_day=5),
    connections=frozenset({"shop"}),
)
ALIKE = replace(OWN, name=HELPER)


@pytest.mark.parametrize(
    ("other", "freer"),
    [
        (ALIKE, ""),
        (replace(ALIKE, tier=Tier.SUPERVISED, tools=frozenset(), secrets=frozenset()), ""),
        (replace(ALIKE, tier=Tier.AUTONOMOUS), "it is autonomous"),
        (replace(ALIKE, tools=None), "it has other tools"),
        (replace(ALIKE, tools=frozenset({"exec"})), "it has other tools"),
        (replace(ALIKE, secrets=None), "it has other secrets"),
        (replace(ALIKE, secrets=frozenset({"BANK"})), "it has other secrets"),
        (replace(ALIKE, connections=None), "it has other connections"),
        (replace(ALIKE, connections=frozenset({"bank"})), "it has other connections"),
        (replace(ALIKE, sandbox=Sandbox.ANY), "it needs no sandbox"),
        (replace(ALIKE, budget=Budget(99, usd_per_day=5)), ""),
        (replace(ALIKE, budget=Budget(101, usd_per_day=5)), "it may spend more"),
        (replace(ALIKE, budget=UNBOUND), "it may spend more"),
        (replace(ALIKE, budget=Budget(99, usd_per_day=1, alert_at=9)), ""),
        (replace(ALIKE, budget=Budget(tokens_per_month=1)), "it may spend more"),
        (replace(ALIKE, budget=Budget(99, usd_per_day=1, allow_unpriced=True)), "it may spend more"),
    ],
)
def test_to_start_an_agent_that_may_do_more_asks(other: AgentManifest, freer: str) -> None:
    ruling = spawns({"task": "t", "agentId": "helper"}, OWN, other)
    assert ruling.outcome is (Outcome.ASK if freer else Outcome.ALLOW)
    if freer:
        assert ruling.clauses == (f"agents: helper may do more than shop-helper ({freer})",)
        spelt = spawns({"task": "t", "agentId": " Helper "}, OWN, other)
        assert (spelt.outcome, spelt.clauses[-1]) == (ruling.outcome, ruling.clauses[0])


def test_an_agent_without_limits_of_its_own_starts_any_that_is_no_freer() -> None:
    bound = AgentManifest(HELPER, Tier.SUPERVISED, frozenset({"read"}), frozenset(), Sandbox.REQUIRED)
    assert spawns({"task": "t", "agentId": "helper"}, bound).outcome is Outcome.ALLOW
    assert spawns({"task": "t", "agentId": "shop-helper"}, OWN).outcome is Outcome.ALLOW


def test_the_agent_is_found_inside_of_another_call_and_must_be_text() -> None:
    inner: JsonObject = {"id": SPAWN, "args": [{"task": "t", "agentId": "helper"}]}
    assert spawns(inner, AgentManifest(HELPER, Tier.AUTONOMOUS)).outcome is Outcome.ASK
    assert spawns({"task": "t", "agentId": None}).outcome is Outcome.ALLOW
    assert spawns({"task": "t", "agentId": ["helper"]}).clauses == ("agents: agentId is no text",)


@pytest.mark.parametrize("key", ["agentId", "agent_id", "AgentID"])
def test_the_agent_is_found_under_every_name_that_openclaw_takes(key: str) -> None:
    assert spawns({"task": "t", key: "helper"}, AgentManifest(HELPER, Tier.AUTONOMOUS)).outcome is Outcome.ASK


@pytest.mark.parametrize(
    ("params", "outcome"),
    [
        ({"sessionKey": "agent:helper:main", "message": "delete it"}, Outcome.ASK),
        ({"session_key": " Agent:helper:subagent:1", "message": "delete it"}, Outcome.ASK),
        ({"label": "h", "agentId": "helper", "message": "delete it"}, Outcome.ASK),
        ({"sessionKey": "agent:shop-helper:main", "message": "done"}, Outcome.ALLOW),
        ({"sessionKey": "main", "message": "done"}, Outcome.ALLOW),
        ({"sessionKey": 3, "message": "done"}, Outcome.ALLOW),
        ({"sessionKey": "agent:shop-helper:subagent:7:subagent:8", "message": "done"}, Outcome.ALLOW),
        ({"sessionKey": CALL.session, "message": "done"}, Outcome.ALLOW),
        ({"sessionKey": "agent:shop-helper:telegram:group:-100", "message": "done"}, Outcome.ASK),
        ({"session_key": " Agent:shop-helper:telegram:direct:7", "message": "done"}, Outcome.ASK),
        ({"sessionKey": "0b9d6f6e-1111-4222-8333-444455556666", "message": "done"}, Outcome.ASK),
        ({"label": "the neighbour", "message": "done"}, Outcome.ASK),
        ({"label": "the neighbour", "sessionKey": " ", "message": "done"}, Outcome.ASK),
        ({"label": "the neighbour", "sessionKey": "main", "message": "done"}, Outcome.ALLOW),
    ],
)
def test_to_set_an_agent_to_work_that_may_do_more_asks(params: JsonObject, outcome: Outcome) -> None:
    call = replace(CALL, tool=SPEAK, params=params)
    rules = policy(agents={HELPER: AgentManifest(HELPER, Tier.AUTONOMOUS)})
    deep = Descent(AGENT, 9, 99)
    assert rule_on(call, green(SPEAK), rules, NOW, deep).outcome is outcome


def test_a_conversation_that_no_limit_reaches_asks() -> None:
    ruling = spawns({"task": "t", "visible": True})
    assert (ruling.outcome, ruling.clauses[0].partition(" starts ")[0]) == (Outcome.ASK, "agents: visible")
    assert spawns({"task": "t", "visible": False}).outcome is Outcome.ALLOW


def test_a_program_of_its_own_that_no_gate_sees_asks() -> None:
    ruling = spawns({"task": "t", "runtime": "acp"})
    assert (ruling.outcome, ruling.clauses[0].partition(" starts ")[0]) == (Outcome.ASK, "agents: runtime acp")
    assert spawns({"task": "t", "runtime": "subagent"}).outcome is Outcome.ALLOW
