"""The planned configuration leaves no way past the edge, and planning it again changes nothing."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from safety_core.canonical import Json, JsonObject
from safety_core.cli.openclaw.guard import HOOK_MS, loud_stores
from safety_core.cli.openclaw.keys import held_keys
from safety_core.cli.openclaw.plan import planned
from safety_core.cli.openclaw.providers import APIS, edge_name
from safety_core.cli.openclaw.snippet import snippet
from safety_core.cli.openclaw.tree import found
from safety_core.cli.openclaw.wish import Manifest, Plan, Upstream
from safety_core.errors import InputError
from safety_core.model.secret import SecretName, SecretValue
from tests.safety_core.cli.openclaw.machine import EGRESS, config, wish

TOKEN: Json = {"source": "file", "provider": "safety-main", "id": "value"}


def provider(**more: Any) -> JsonObject:
    return {"baseUrl": "https://llm.example/v1", "models": [{"id": "m", "name": "M"}], **more}


def with_providers(**providers: JsonObject) -> JsonObject:
    return config(models={"providers": {**providers}}, agents={})


def entry(plan: Plan, name: str = "llm") -> Json:
    return found(plan.tree, "models", "providers", name)


def test_the_plugin_is_enabled_with_all_that_it_needs() -> None:
    tree = planned(config(), wish()).tree
    assert found(tree, "plugins") == {
        "load": {"paths": ["/opt/plugin"]},
        "entries": {
            "safety-gateway": {
                "enabled": True,
                "hooks": {"allowConversationAccess": True, "timeoutMs": HOOK_MS, "timeouts": {"gateway_stop": 5000}},
                "config": {"socket": "/home/x/.safety/edge.sock"},
            }
        },
    }


def test_other_plugins_stay_and_lists_are_only_extended() -> None:
    old: JsonObject = {
        "enabled": False,
        "allow": ["telegram"],
        "deny": ["safety-gateway", "browser"],
        "load": {"paths": ["/theirs", "/former"]},
        "entries": {"telegram": {"enabled": True}, "safety-gateway": {"hooks": {"allowPromptInjection": False}}},
    }
    plugins = found(planned(config(plugins=old), wish(former=frozenset({"/former"}))).tree, "plugins")
    assert found(plugins, "enabled") is True
    assert found(plugins, "allow") == ["telegram", "safety-gateway"]
    assert found(plugins, "deny") == ["browser"]
    assert found(plugins, "load", "paths") == ["/theirs", "/opt/plugin"]
    assert found(plugins, "entries", "telegram") == {"enabled": True}
    assert found(plugins, "entries", "safety-gateway", "hooks", "allowPromptInjection") is True


def test_an_address_told_by_hand_stays() -> None:
    told: JsonObject = {"url": "http://127.0.0.1:8101", "tokenFile": "/run/token"}
    old: JsonObject = {"entries": {"safety-gateway": {"config": told}}}
    assert found(planned(config(plugins=old), wish()).tree, "plugins", "entries", "safety-gateway", "config") == told


@pytest.mark.parametrize(
    ("api", "base", "here", "upstream"),
    [
        ("openai-completions", "https://llm.example/v1", "/llm/v1", ("https://llm.example", "openai")),
        ("openai-responses", "https://llm.example/api/v1/", "/llm/v1", ("https://llm.example/api", "openai")),
        ("openai-completions", "https://llm.example", "/llm/v1", ("https://llm.example", "openai")),
        ("anthropic-messages", "https://llm.example/a", "/llm", ("https://llm.example/a", "anthropic")),
        ("anthropic-messages", "https://llm.example/v1", "/llm", ("https://llm.example", "anthropic")),
        ("openai-completions", "https://llm.example/paas/v4", "/llm/v1", ("https://llm.example/paas/v4", "openai")),
        ("google-generative-ai", "https://llm.example/v1beta", "/llm/v1beta", ("https://llm.example", "gemini")),
        ("google-generative-ai", "https://llm.example", "/llm/v1beta", ("https://llm.example", "gemini")),
        ("google-generative-ai", "https://llm.example/v1", "/llm/v1beta", ("https://llm.example/v1", "gemini")),
        ("ollama", "https://llm.example/v1", "/llm", ("https://llm.example", "ollama")),
        ("azure-openai-responses", "https://llm.example/openai/v1", "/llm/openai/v1", ("https://llm.example", "azure")),
        ("azure-openai-responses", "https://llm.example", "/llm/openai/v1", ("https://llm.example", "azure")),
    ],
)
def test_a_provider_leads_to_the_edge(api: str, base: str, here: str, upstream: tuple[str, str]) -> None:
    plan = planned(with_providers(llm=provider(api=api, baseUrl=base)), wish())
    assert found(entry(plan), "baseUrl") == EGRESS + here
    assert found(entry(plan), "apiKey") == TOKEN
    assert found(entry(plan), "models") == [{"id": "m", "name": "M"}]
    assert plan.upstreams == {"llm": Upstream(*upstream, SecretName("LLM_API_KEY"))}
    assert found(plan.tree, "models", "mode") == "replace"
    assert found(plan.tree, "secrets", "providers", "safety-main") == {
        "source": "file",
        "path": "/home/x/.safety/openclaw/c/main.token",
        "mode": "singleValue",
    }


def test_a_key_goes_into_the_vault_and_nothing_that_could_carry_one_stays() -> None:
    old = provider(
        apiKey="plainly-invented-key",
        headers={"Authorization": "Bearer x"},
        auth="token",
        authHeader=True,
        request={"proxy": {"mode": "env-proxy"}, "headers": {"x": "y"}, "allowPrivateNetwork": True},
        models=[{"id": "m", "name": "M", "baseUrl": "https://elsewhere.example", "headers": {"x": "y"}}],
    )
    plan = planned(with_providers(llm=old), wish())
    assert plan.keys == {"LLM_API_KEY": SecretValue("plainly-invented-key")}
    assert entry(plan) == {
        "baseUrl": f"{EGRESS}/llm/v1",
        "api": "openai-completions",
        "apiKey": TOKEN,
        "request": {"allowPrivateNetwork": True},
        "models": [{"id": "m", "name": "M"}],
    }
    assert held_keys(with_providers(llm=old)) == [
        "models.providers.llm.apiKey",
        "models.providers.llm.headers",
        "models.providers.llm.auth",
        "models.providers.llm.request.headers",
    ]
    assert held_keys(plan.tree) == []


@pytest.mark.parametrize("marker", ["${MY_LLM_KEY}", "MY_LLM_KEY"])
def test_a_key_from_the_environment_is_told_about(marker: str) -> None:
    plan = planned(with_providers(llm=provider(apiKey=marker)), wish())
    assert plan.upstreams["llm"].key == "MY_LLM_KEY"
    assert not plan.keys
    assert any("MY_LLM_KEY" in note for note in plan.notes)


def test_a_key_behind_a_reference_is_told_about() -> None:
    plan = planned(with_providers(llm=provider(apiKey={"source": "exec", "provider": "pass", "id": "llm"})), wish())
    assert any("put that key into the vault as LLM_API_KEY" in note for note in plan.notes)


def test_keys_among_the_variables_go_too_and_others_stay() -> None:
    tree = config(env={"vars": {"OPENAI_API_KEY": "plainly-invented-key", "LANG": "C"}})
    assert held_keys(tree) == ["env.vars.OPENAI_API_KEY"]
    plan = planned(tree, wish())
    assert plan.keys == {"OPENAI_API_KEY": SecretValue("plainly-invented-key")}
    assert found(plan.tree, "env", "vars") == {"LANG": "C", "OPENCLAW_TRAJECTORY": "0"}


@pytest.mark.parametrize(
    ("old", "reason"),
    [
        (provider(api="bedrock-converse-stream"), "which the edge does not"),
        (provider(api="google-vertex"), "which the edge does not"),
        (provider(baseUrl="https://llm.example/paas"), "does not end with /v1"),
        (provider(api="azure-openai-responses", baseUrl="https://llm.example/v1"), "does not end with /openai/v1"),
        (provider(baseUrl="file:///etc"), "must be http"),
        (provider(baseUrl="https://user:pw@llm.example/v1"), "must be http"),
        (provider(baseUrl=""), "is no address"),
        (provider(models=[{"id": "m", "name": "M", "api": "anthropic-messages"}]), "another API"),
    ],
)
def test_what_the_edge_cannot_stand_before_is_refused_by_name(old: JsonObject, reason: str) -> None:
    with pytest.raises(InputError, match=rf"models\.providers\.llm.*{reason}"):
        planned(with_providers(llm=old), wish())


def test_it_may_be_left_out_instead_unless_an_agent_needs_it() -> None:
    tree = with_providers(llm=provider(api="bedrock-converse-stream"), other=provider())
    plan = planned(tree, wish(without=frozenset({"llm"})))
    assert entry(plan) is None
    assert entry(plan, "other") is not None
    tree["agents"] = {"defaults": {"model": "llm/m"}}
    with pytest.raises(InputError, match="left out"):
        planned(tree, wish(without=frozenset({"llm"})))


def test_a_provider_to_leave_out_that_is_not_there_is_told() -> None:
    plan = planned(with_providers(llm=provider()), wish(without=frozenset({"lmm"})))
    assert entry(plan) is not None
    assert any("no model provider lmm" in note for note in plan.notes)


@pytest.mark.parametrize("key", [{}, {"apiKey": "ollama-local"}, {"apiKey": "OLLAMA_API_KEY"}])
def test_an_ollama_at_home_needs_no_key(key: JsonObject) -> None:
    old = provider(api="ollama", baseUrl="http://127.0.0.1:11434", **key)
    plan = planned(with_providers(ollama=old), wish())
    assert plan.upstreams == {"ollama": Upstream("http://127.0.0.1:11434", "ollama", None)}
    assert found(entry(plan, "ollama"), "apiKey") == TOKEN
    assert not plan.keys
    told = snippet(("main",), plan.upstreams, {"main": "0" * 64})
    assert "key_secret" not in told
    assert "private = true" in told


def test_an_ollama_with_a_key_keeps_it() -> None:
    home = planned(with_providers(llm=provider(api="ollama", baseUrl="http://h:1", apiKey="made-up key")), wish())
    assert home.keys == {"LLM_API_KEY": SecretValue("made-up key")}
    away = planned(with_providers(llm=provider(api="ollama", apiKey="OLLAMA_API_KEY")), wish())
    assert away.upstreams["llm"].key == "OLLAMA_API_KEY"


@pytest.mark.parametrize(
    ("model", "upstream"),
    [
        ("google/g", Upstream("https://generativelanguage.googleapis.com", "gemini", SecretName("GOOGLE_API_KEY"))),
        ("ollama/l", Upstream("http://127.0.0.1:11434", "ollama", None)),
        ("mistral/m", Upstream("https://api.mistral.ai", "mistral", SecretName("MISTRAL_API_KEY"))),
        ("groq/g", Upstream("https://api.groq.com/openai", "groq", SecretName("GROQ_API_KEY"))),
        ("deepseek/d", Upstream("https://api.deepseek.com", "deepseek", SecretName("DEEPSEEK_API_KEY"))),
        ("openrouter/o", Upstream("https://openrouter.ai/api", "openrouter", SecretName("OPENROUTER_API_KEY"))),
    ],
)
def test_each_known_provider_is_led_to_the_edge_in_its_own_dialect(model: str, upstream: Upstream) -> None:
    plan = planned({"agents": {"defaults": {"model": model}}}, wish())
    assert [*plan.upstreams.values()] == [upstream]


def test_two_names_that_are_one_to_the_edge_are_refused() -> None:
    with pytest.raises(InputError, match="both my-llm"):
        planned(with_providers(my_llm=provider(), **{"my-llm": provider()}), wish())
    assert edge_name("9 Lives!") == "p-9-lives"


def test_a_provider_that_openclaw_knows_by_itself_is_written_down() -> None:
    tree: JsonObject = {"agents": {"defaults": {"model": {"primary": "anthropic/big", "fallbacks": ["openai/small"]}}}}
    plan = planned(tree, wish())
    assert found(entry(plan, "anthropic"), "baseUrl") == f"{EGRESS}/anthropic"
    assert found(entry(plan, "anthropic"), "models") == [{"id": "big", "name": "big"}]
    assert plan.upstreams["openai"].base_url == "https://api.openai.com"
    assert any("contextWindow" in note for note in plan.notes)
    with pytest.raises(InputError, match="does not describe"):
        planned({"agents": {"defaults": {"model": "mystery/m"}}}, wish())


def test_every_further_agent_asks_under_its_own_token() -> None:
    defaults: JsonObject = {"model": {"primary": "openai/gpt-x"}, "models": {"openai/gpt-x": {"alias": "x"}}}
    subagents: JsonObject = {"model": "openai/gpt-x", "thinking": "low"}
    entries: JsonObject = {"Shop": {"subagents": subagents, "modelPolicy": {"allow": ["openai/gpt-x"]}}, "main": {}}
    tree = config(agents={"ownership": "explicit", "defaults": defaults, "entries": entries})
    plan = planned(tree, wish("main", "shop"))
    assert found(entry(plan, "openai"), "apiKey", "provider") == "safety-main"
    assert found(entry(plan, "openai-shop"), "apiKey", "provider") == "safety-shop"
    assert found(entry(plan, "openai-shop"), "baseUrl") == f"{EGRESS}/openai/v1"
    assert found(plan.tree, "agents", "entries", "Shop") == {
        "model": {"primary": "openai-shop/gpt-x"},
        "subagents": {"model": "openai-shop/gpt-x", "thinking": "low"},
        "modelPolicy": {"allow": ["openai-shop/gpt-x"]},
    }
    assert found(plan.tree, "agents", "entries", "main") == {}
    assert found(plan.tree, "agents", "defaults", "models") == {
        "openai/gpt-x": {"alias": "x"},
        "openai-shop/gpt-x": {"alias": "x"},
    }


def test_agents_that_could_be_taken_for_one_another_are_refused() -> None:
    with pytest.raises(InputError, match=r"agents\.entries\.Main"):
        planned(config(agents={"entries": {"Main": {}, "main": {}}}), wish())
    tree = with_providers(llm=provider(), **{"llm-shop": provider()})
    with pytest.raises(InputError, match="name for agent shop"):
        planned({**tree, "agents": {"entries": {"main": {}, "shop": {}}}}, wish("main", "shop"))


def test_an_agent_is_held_to_its_manifest() -> None:
    tools: JsonObject = {"profile": "full", "alsoAllow": ["browser"], "deny": ["exec", "canvas"]}
    tree = config(agents={"entries": {"main": {"tools": tools}}})
    manifest = Manifest(tools=("write", "exec"), sandboxed=True, depth=0, running=50)
    agents = found(planned(tree, wish(manifests={"main": manifest})).tree, "agents")
    assert found(agents, "entries", "main") == {
        "tools": {
            "profile": "full",
            "allow": ["exec", "write"],
            "deny": ["canvas", "apply_patch"],
            "elevated": {"enabled": False},
            "exec": {"host": "sandbox"},
        },
        "sandbox": {"mode": "all"},
    }
    assert found(agents, "defaults", "subagents") == {"maxSpawnDepth": 1, "maxChildrenPerAgent": 20}


def test_limits_that_are_tighter_stay() -> None:
    tree = config(agents={"defaults": {"subagents": {"maxSpawnDepth": 1, "maxChildrenPerAgent": 2}}})
    manifests = {"main": Manifest(depth=3, running=4)}
    defaults = found(planned(tree, wish(manifests=manifests)).tree, "agents", "defaults", "subagents")
    assert defaults == {"maxSpawnDepth": 1, "maxChildrenPerAgent": 2}


def test_an_agent_without_manifest_keeps_what_it_has() -> None:
    tree = config(agents={"entries": {"main": {"tools": {"allow": ["read"]}}}})
    assert found(planned(tree, wish()).tree, "agents") == found(tree, "agents")


def test_stores_of_raw_data_are_off() -> None:
    tree = config(
        env={"shellEnv": {"enabled": True}, "vars": {"OPENCLAW_TRAJECTORY": "1"}},
        diagnostics={"cacheTrace": {"enabled": True}, "otel": {"captureContent": True, "enabled": True}},
        logging={"level": "trace", "consoleLevel": "info"},
    )
    assert len(loud_stores(tree)) == 5
    quiet = planned(tree, wish()).tree
    assert not loud_stores(quiet)
    assert found(quiet, "diagnostics", "otel", "enabled") is True
    assert found(quiet, "logging") == {"level": "info", "consoleLevel": "info"}


def test_installs_are_gated_where_nobody_else_does() -> None:
    gate = ("/usr/bin/node", "/opt/plugin/bin/install.js", "main", "/home/x/edge.sock")
    policy = found(planned(config(), wish(gate=gate)).tree, "security", "installPolicy")
    assert found(policy, "exec", "command") == gate[0]
    assert found(policy, "exec", "args") == [*gate[1:]]
    by_hand: JsonObject = {"entries": {"safety-gateway": {"config": {"url": "http://[::1]:8", "tokenFile": "/t"}}}}
    plan = planned(config(plugins=by_hand), wish(gate=gate))
    assert found(plan.tree, "security") is None
    assert any("without the socket" in note for note in plan.notes)
    theirs: JsonObject = {"installPolicy": {"enabled": True, "exec": {"command": "/usr/bin/theirs", "args": []}}}
    plan = planned(config(security=theirs), wish(gate=gate))
    assert found(plan.tree, "security") == theirs
    assert any("security.installPolicy" in note for note in plan.notes)
    theirs = {"installPolicy": {"enabled": True, "exec": {"command": "/n", "args": ["/srv/corporate/bin/install.js"]}}}
    plan = planned(config(security=theirs), wish(gate=gate))
    assert found(plan.tree, "security") == theirs
    assert any("the edge is not asked" in note for note in plan.notes)
    before: JsonObject = {"installPolicy": {"enabled": True, "exec": {"command": "/n", "args": [*gate[1:]]}}}
    assert not planned(config(security=before), wish(gate=gate)).notes


def test_the_old_configuration_is_left_as_it_is() -> None:
    tree = config(agents={"entries": {"main": {}, "shop": {"model": "openai/gpt-x"}}})
    before = copy.deepcopy(tree)
    planned(tree, wish("main", "shop"))
    assert tree == before


@pytest.mark.parametrize("agents", [("main",), ("main", "shop")])
def test_planning_again_changes_nothing_even_at_another_port(agents: tuple[str, ...]) -> None:
    entries: JsonObject = {agent: {} for agent in agents}
    defaults: JsonObject = {"model": "openai/gpt-x", "utilityModel": "anthropic/small"}
    tree = config(
        agents={"defaults": defaults, "entries": entries}, env={"vars": {"ANTHROPIC_API_KEY": "plainly-invented"}}
    )
    manifests = {agent: Manifest(("read", "write"), sandboxed=True) for agent in agents}
    first = planned(tree, wish(*agents, manifests=manifests))
    again = planned(first.tree, wish(*agents, manifests=manifests, upstreams=first.upstreams))
    assert (again.tree, again.upstreams, again.keys) == (first.tree, first.upstreams, {})
    elsewhere = replace(wish(*agents, manifests=manifests, upstreams=first.upstreams), egress="http://127.0.0.1:9")
    moved = planned(first.tree, elsewhere)
    assert moved.upstreams == first.upstreams
    assert found(entry(moved, "openai"), "baseUrl") == "http://127.0.0.1:9/openai/v1"


@pytest.mark.parametrize("part", ["plugins", "models", "agents", "env"])
def test_a_part_of_another_shape_is_refused_by_name(part: str) -> None:
    with pytest.raises(InputError, match=rf"openclaw\.json, {part}"):
        planned(config(**{part: []}), wish(manifests={"main": Manifest(("read",))}))


def test_the_documentation_names_the_apis_that_are_led_to_the_edge() -> None:
    page = (Path(__file__).parents[4] / "docs" / "openclaw.md").read_text()
    told = page.partition("led to the edge whose `api` is ")[2].partition(". Any other")[0]
    assert set(re.findall(r"`([^`]+)`", told)) == set(APIS)
