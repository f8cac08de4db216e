"""Each layer is in force only where everything that it rests on was seen, and says what to do where it is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from safety_core.canonical import Json, JsonObject
from safety_core.cli.openclaw.findings import Findings, Layer, State
from safety_core.cli.openclaw.gating import NO_HOOKS
from safety_core.cli.openclaw.layers import checks
from safety_core.cli.openclaw.plan import planned
from safety_core.cli.openclaw.tree import table
from safety_core.cli.openclaw.wish import Manifest
from safety_core.flow.interlock import REQUIRED
from tests.safety_core.cli.openclaw.machine import EGRESS, config, edge_status, wish

MANIFESTS = {"main": Manifest(tools=("read", "write"), sandboxed=True)}
ENTRY = ("plugins", "entries", "safety-gateway")
GATE = ("/usr/bin/node", "/opt/plugin/bin/install.js", "main", "/home/x/edge.sock")


def inspected(**more: Any) -> JsonObject:
    hooks: list[Json] = [{"name": hook} for hook in REQUIRED if hook not in NO_HOOKS]
    contracts: JsonObject = {"agentToolResultMiddleware": ["openclaw"]}
    return {"plugin": {"status": "loaded", "contracts": contracts}, "typedHooks": hooks, "diagnostics": [], **more}


def good() -> Findings:
    """Return what is found on a machine where all is well."""
    return Findings(
        tree=planned(config(), wish(manifests=MANIFESTS, gate=GATE)).tree,
        agents=("main",),
        socket="/home/x/.safety/edge.sock",
        egress=EGRESS,
        edge=edge_status("main"),
        manifests=MANIFESTS,
        version="2026.9.6",
        inspected=inspected(),
        plugin={"/opt/plugin": True},
        plugin_version="0.1.0",
        tokens=frozenset({"main"}),
        sign_ins={"main": ()},
    )


def wrong(found: Findings) -> dict[str, str]:
    """Return what is not in force: name -> proof."""
    made = [check for check in checks(found) if check.state is State.NOT_IN_FORCE]
    assert all(check.fix for check in made)
    return {f"{check.layer.value[0]} {check.name}": check.proof for check in made}


def test_all_is_in_force_after_an_install_with_edge_and_plugin_there() -> None:
    made = checks(good())
    assert {check.state for check in made} == {State.IN_FORCE}
    assert {check.layer for check in made} == set(Layer)
    assert not [check for check in made if check.fix]


def changed(*path: str, value: Json) -> Findings:
    found = good()
    table(found.tree, *path[:-1])[path[-1]] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "name", "proof"),
    [
        (("agents", "entries", "main", "sandbox", "mode"), "non-main", "1 main", "mode is non-main"),
        (("agents", "entries", "main", "tools", "elevated", "enabled"), True, "1 main", "elevated"),
        (("agents", "entries", "main", "tools", "exec", "host"), "gateway", "1 main", "exec runs on the gateway"),
        (("agents", "entries", "main", "tools", "allow"), ["read", "write", "exec"], "2 main", "may also reach exec"),
        (("agents", "entries", "main", "tools", "allow"), ["read"], "2 main", "is kept from write"),
        (("agents", "entries", "main", "tools", "allow"), None, "2 main", "no list"),
        (("agents", "entries", "main", "tools", "allow"), [], "2 main", "no list"),
        (("agents", "entries", "main", "tools", "alsoAllow"), ["exec"], "2 main", "alsoAllow"),
        (("agents", "entries", "main", "tools", "deny"), [], "2 main", "apply_patch"),
        (("plugins", "enabled"), False, "3 plugin's entry", "not enabled"),
        (("plugins", "deny"), ["safety-gateway"], "3 plugin's entry", "not enabled"),
        (("plugins", "allow"), ["telegram"], "3 plugin's entry", "not among plugins.allow"),
        ((*ENTRY, "enabled"), False, "3 plugin's entry", "not enabled"),
        ((*ENTRY, "hooks"), {"timeoutMs": 400000}, "3 plugin's entry", "no access"),
        (
            (*ENTRY, "hooks", "allowPromptInjection"),
            False,
            "3 plugin's entry",
            "narrow",
        ),
        ((*ENTRY, "hooks", "timeoutMs"), 15000, "3 plugin's entry", "late answer"),
        (
            (*ENTRY, "hooks", "timeouts", "message_sending"),
            9,
            "3 plugin's entry",
            "late answer",
        ),
        ((*ENTRY, "config", "socket"), "/tmp/x", "3 plugin's entry", "another socket"),
        (("security", "installPolicy", "enabled"), False, "3 installs", "nobody is asked"),
        (("models", "mode"), "merge", "4 way to models", "not replace"),
        (("models", "providers", "openai", "baseUrl"), "https://api.openai.com/v1", "4 way to models", "elsewhere"),
        (("models", "providers", "openai", "baseUrl"), f"{EGRESS}0/openai/v1", "4 way to models", "elsewhere"),
        (("models", "providers", "openai", "apiKey"), "plainly-invented", "4 keys", "openai.apiKey"),
        (("models", "providers", "openai", "request"), {"proxy": {}}, "4 way to models", "route of its own"),
        (("models", "providers", "openai", "models"), [{"baseUrl": "x"}], "4 way to models", "a model of openai"),
        (("env", "vars", "OPENCLAW_TRAJECTORY"), "1", "4 raw stores", "OPENCLAW_TRAJECTORY"),
        (("env", "vars", "GROQ_API_KEY"), "plainly-invented", "4 keys", "env.vars.GROQ_API_KEY"),
        (("logging", "level"), "debug", "4 raw stores", "logging.level"),
    ],
)
def test_what_is_undone_in_the_configuration_is_seen(path: tuple[str, ...], value: Json, name: str, proof: str) -> None:
    assert proof in wrong(changed(*path, value=value))[name]


@pytest.mark.parametrize(
    ("edge", "name", "proof"),
    [
        (edge_status("main", policy={"state": "expired", "detail": "too old"}), "3 policy", "too old"),
        (edge_status("main", interlock={"mode": "observe", "guarded": ["main"]}), "3 interlock", "observe"),
        (edge_status("main", interlock={}), "3 interlock", "not there"),
        (edge_status("main", interlock={"mode": "enforce", "guarded": []}), "3 guarded", "main may talk"),
        (edge_status(), "3 plugin of main", "has not checked in"),
        (edge_status(plugins=[{"agent": "main", "state": "gone", "reason": "stopped"}]), "3 plugin of main", "stopped"),
        (
            edge_status(plugins=[{"agent": "main", "state": "present", "version": "0.0.9"}]),
            "3 plugin of main",
            "version 0.0.9 runs",
        ),
        (
            edge_status("main", layers=[{"layer": "secrets redaction", "state": "refusing", "detail": "no policy"}]),
            "4 edge",
            "no policy",
        ),
    ],
)
def test_what_the_edge_lacks_is_seen(edge: JsonObject, name: str, proof: str) -> None:
    assert proof in wrong(replace(good(), edge=edge))[name]


def test_without_an_edge_nothing_is_gated_and_manifests_are_not_checked() -> None:
    found = replace(good(), edge=None, edge_trouble="edge is not running", manifests=None)
    assert wrong(found) == {"3 edge": "edge is not running"}
    unknown = [check for check in checks(found) if check.state is State.NOT_CHECKED]
    assert {check.layer for check in unknown} == {Layer.SANDBOX, Layer.TOOLS}


@pytest.mark.parametrize(
    ("answer", "proof"),
    [
        ({}, "knows of no such plugin"),
        (inspected(plugin={"status": "error"}), "its status is error"),
        (inspected(typedHooks=[{"name": "before_tool_call"}]), "without after_tool_call"),
        (inspected(diagnostics=[{"level": "error", "message": "undeclared"}]), "OpenClaw says: undeclared"),
    ],
)
def test_what_openclaw_says_of_the_plugin_is_seen(answer: JsonObject, proof: str) -> None:
    assert proof in wrong(replace(good(), inspected=answer))["3 plugin, loaded"]


def test_files_of_another_plugin_are_seen() -> None:
    assert "differs" in wrong(replace(good(), plugin={"/opt/plugin": False}))["3 plugin's files"]
    assert "no folder" in wrong(replace(good(), plugin={}))["3 plugin's files"]


def test_an_old_release_is_not_in_force_and_an_untested_one_says_so() -> None:
    assert "2026.8.3" in wrong(replace(good(), version="2026.8.3"))["0 release"]
    proofs = [check.proof for check in checks(replace(good(), version="2027.1.0-beta.1")) if check.name == "release"]
    assert proofs == ["2027.1.0-beta.1; tested with 2026.9.6 only", "2026.9.6; tested with it"]


def test_a_token_that_is_gone_and_a_variable_that_wins_are_seen() -> None:
    assert "no token" in wrong(replace(good(), tokens=frozenset()))["4 way to models"]
    assert "wins over" in wrong(replace(good(), variable="1"))["4 raw stores"]


def test_a_key_in_openclaws_own_store_is_seen() -> None:
    sign_ins = {"main": ("openai:manual", "xai:work"), "shop": ()}
    seen = wrong(replace(good(), sign_ins=sign_ins))
    assert seen == {"4 sign-ins of main": "OpenClaw's store holds openai:manual, xai:work"}


def test_without_the_program_its_word_is_missing_and_no_more() -> None:
    found = replace(good(), inspected=None, version=None, edge=edge_status(plugins=[]))
    states = {check.name: check.state for check in checks(found)}
    assert states["plugin, loaded"] is State.NOT_CHECKED
    assert states["release"] is State.NOT_CHECKED
    assert "middleware" not in states


def test_an_agent_that_policy_does_not_name_has_no_list_and_no_sandbox() -> None:
    made = {check.layer: check.proof for check in checks(replace(good(), manifests={}))}
    assert made[Layer.SANDBOX] == "policy does not name it; policy asks for none"


def test_an_agent_that_policy_names_in_another_spelling_is_not_held_to_anything() -> None:
    made = wrong(replace(good(), manifests={"Main": Manifest(tools=("read",), sandboxed=True)}))
    for layer in ("1 main", "2 main"):
        assert "policy names Main, which is another agent" in made[layer]


def test_an_agent_that_policy_names_and_bounds_in_nothing_is_in_force() -> None:
    made = {check.layer: check.proof for check in checks(replace(good(), manifests={"main": Manifest()}))}
    assert made[Layer.TOOLS] == "policy lists no tools: every tool is judged by its level"
    assert "lists no tools" in made[Layer.TOOLS]
