"""agents.yaml: every field has a default, a wrong one is refused by key, reason and fix."""

from __future__ import annotations

import pytest

from safety_core.bundle.agents import parse_agents
from safety_core.bundle.source import compile_sources
from safety_core.canonical import JsonObject
from safety_core.errors import InputError, PolicyError
from safety_core.model.budget import UNBOUND, Budget
from safety_core.model.connection import Connection
from safety_core.model.level import Tier
from safety_core.model.policy import AgentManifest, Sandbox, Subagents
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import NANO
from safety_core.wire.reader import Reader
from tests.simulators.repository import SOURCES

SHOP = AgentId("shop")


def parsed(entry: JsonObject) -> AgentManifest:
    return parse_agents(Reader({"shop": entry}, "data.agents"), Tier.SUPERVISED)[SHOP]


def test_an_agent_of_which_nothing_is_said_has_the_defaults() -> None:
    manifest = parsed({})
    assert manifest == AgentManifest(SHOP, Tier.SUPERVISED)
    assert (manifest.tools, manifest.secrets, manifest.sandbox) == (None, None, Sandbox.ANY)
    assert (manifest.subagents, manifest.budget) == (Subagents(depth=1, running=4), UNBOUND)
    assert manifest.may_use("ANY")


def test_every_field_is_read() -> None:
    manifest = parsed(
        {
            "tier": "autonomous",
            "tools": ["read"],
            "secrets": ["CRM_KEY"],
            "connections": ["shop"],
            "sandbox": "required",
            "subagents": {"depth": 0, "running": 2},
            "budget": {
                "tokens_per_day": 5,
                "tokens_per_month": 6,
                "usd_per_day": 0.1,
                "usd_per_month": 250,
                "alert_at": 90,
                "unpriced": "allow",
            },
        }
    )
    assert manifest == AgentManifest(
        SHOP,
        Tier.AUTONOMOUS,
        frozenset({"read"}),
        frozenset({"CRM_KEY"}),
        Sandbox.REQUIRED,
        Subagents(0, 2),
        Budget(5, 6, 100_000_000, 250 * NANO, 90, allow_unpriced=True),
        frozenset({"shop"}),
    )
    assert manifest.may_use("CRM_KEY")
    assert not manifest.may_use("OTHER")


def test_one_limit_of_subagents_leaves_the_other_as_it_is() -> None:
    assert parsed({"subagents": {"depth": 3}}).subagents == Subagents(3, 4)
    assert parsed({"subagents": {"running": 0}}).subagents == Subagents(1, 0)


def test_no_secret_is_less_than_every_secret() -> None:
    assert not parsed({"secrets": []}).may_use("CRM_KEY")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"tier": "boss"}, "data.agents.shop.tier: 'boss' is not one of supervised, trusted, autonomous"),
        ({"tools": "read"}, "data.agents.shop.tools: must be a list of texts"),
        ({"secrets": ["OK", "4 bad"]}, r"data.agents.shop.secrets\[1\]: is not the name of a secret"),
        ({"sandbox": "maybe"}, "data.agents.shop.sandbox: 'maybe' is not one of any, required"),
        ({"sandbox": True}, "data.agents.shop.sandbox: must be text"),
        ({"subagents": 4}, "data.agents.shop.subagents: must be an object"),
        ({"subagents": {"depth": 9}}, "data.agents.shop.subagents.depth: must lie in 0 to 8"),
        ({"subagents": {"deep": 1}}, "data.agents.shop.subagents: has a field that is not known.*depth, running"),
        ({"budget": {"tokens_per_day": 0}}, "data.agents.shop.budget.tokens_per_day: must lie in 1 to"),
        ({"budget": {"tokens_per_day": True}}, "data.agents.shop.budget.tokens_per_day: must be a whole number"),
        ({"budget": {"usd_per_day": 0}}, "data.agents.shop.budget.usd_per_day: must lie in 0 to 1000000000 US dollars"),
        ({"budget": {"usd_per_month": -3}}, "data.agents.shop.budget.usd_per_month: must lie in 0"),
        ({"budget": {"usd_per_month": 1e-10}}, "data.agents.shop.budget.usd_per_month: must lie in 0"),
        ({"budget": {"usd_per_month": 1e10}}, "data.agents.shop.budget.usd_per_month: must lie in 0"),
        ({"budget": {"usd_per_day": "5"}}, "data.agents.shop.budget.usd_per_day: must be a number"),
        ({"budget": {"alert_at": 101}}, "data.agents.shop.budget.alert_at: must lie in 1 to 100"),
        ({"budget": {"unpriced": "maybe"}}, "data.agents.shop.budget.unpriced: 'maybe' is not one of refuse, allow"),
        ({"budget": {}}, "data.agents.shop.budget: has no limit. Fix: add tokens_per_day"),
        ({"budget": {"alert_at": 50}}, "data.agents.shop.budget: has no limit"),
        ({"budget": {"tokens": 1}}, "data.agents.shop.budget: has a field that is not known.*tokens_per_day"),
        ({"tokens_per_day": 5}, "data.agents.shop: has a field that is not known.*budget"),
        ({"secret": []}, "data.agents.shop: has a field that is not known.*sandbox, secrets, subagents"),
    ],
)
def test_anything_else_is_refused_with_the_key_and_the_reason(entry: JsonObject, message: str) -> None:
    with pytest.raises((PolicyError, InputError), match=message):
        parsed(entry)


def test_what_was_written_in_place_of_a_name_is_not_repeated() -> None:
    with pytest.raises(PolicyError) as caught:
        parsed({"secrets": ["not a name"]})
    assert "not a name" not in str(caught.value)
    assert "safety secret list" in caught.value.fix


def test_the_error_of_a_source_names_its_line() -> None:
    sources = {**SOURCES, "agents.yaml": b"agents:\n  shop:\n    tier: trusted\n    sandbox: maybe\n"}
    with pytest.raises(PolicyError, match=r"agents.yaml:4: 'maybe'"):
        compile_sources(sources, tenant="one")


def test_an_agent_reaches_the_connections_that_its_manifest_names() -> None:
    shop, bank = (Connection(name, "sql", "sqlite:///x.db") for name in ("shop", "bank"))
    there = {"shop": shop, "bank": bank}
    assert parsed({}).reached(there) == there
    assert parsed({"connections": ["shop", "gone"]}).reached(there) == {"shop": shop}
    assert parsed({"connections": []}).reached(there) == {}
