"""Is every call asked about? The edge, its policy, its interlock; the plugin as it is set, lies there and is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.cli.openclaw.findings import INSTALL, START, Check, Findings, Layer, State, checked_in_plugins, verdict
from safety_core.cli.openclaw.guard import HOOK_MS, has_gate
from safety_core.cli.openclaw.tree import found, found_table, words
from safety_core.cli.openclaw.wish import PLUGIN_ID
from safety_core.flow.interlock import REQUIRED

NO_HOOKS: Final = frozenset({"trusted_tool_policy", "tool_result_middleware"})
"""What the edge wants registered, and OpenClaw does not count among the typed hooks."""


def gating(found_: Findings) -> Iterator[Check]:
    """Check the edge, and who has checked in."""
    layer, edge = Layer.GATING, found_.edge
    if edge is None:
        yield verdict(layer, "edge", False, found_.edge_trouble, START)
        return
    yield verdict(layer, "edge", True, f"runs, version {edge.get('version')}", "")
    policy = found_table(edge, "policy")
    fix = "see `safety status`"
    yield verdict(layer, "policy", policy.get("state") == "in force", str(policy.get("detail") or "none"), fix)
    mode = found(edge, "interlock", "mode")
    fix = 'set egress.interlock = "enforce" in the edge\'s settings'
    yield verdict(layer, "interlock", mode == "enforce", f"no plugin, no model: {mode or 'not there'}", fix)
    guarded = found(edge, "interlock", "guarded")
    free = [agent for agent in found_.agents if isinstance(guarded, list) and agent not in guarded]
    if free:
        proof = f"{', '.join(free)} may talk to a model without a plugin"
        yield verdict(layer, "guarded", False, proof, "list them in egress.require_plugin")
    for agent in found_.agents:
        yield _checked_in(agent, checked_in_plugins(found_), found_.plugin_version)


def _checked_in(agent: str, plugins: list[JsonObject], version: str) -> Check:
    name, layer = f"plugin of {agent}", Layer.GATING
    fix = "start OpenClaw's gateway; its log says why a plugin was not loaded"
    mine = [entry for entry in plugins if entry.get("agent") == agent]
    there = [entry for entry in mine if entry.get("state", "present") == "present"]
    if not there:
        reasons = [str(entry.get("reason")) for entry in mine if entry.get("reason")]
        return verdict(layer, name, False, reasons[-1] if reasons else "has not checked in", fix)
    other = [str(entry.get("version")) for entry in there if entry.get("version") != version]
    if other:
        proof = f"version {other[0]} runs, {version} belongs to this program"
        return verdict(layer, name, False, proof, f"{INSTALL}, then restart OpenClaw's gateway")
    return verdict(layer, name, True, f"version {version} has checked in, its hooks are complete", "")


def plugin(found_: Findings) -> Iterator[Check]:
    """Check the plugin, from its entry to its hooks."""
    layer, entry = Layer.GATING, found_table(found_.tree, "plugins", "entries", PLUGIN_ID)
    wrong = [*_misconfigured(found_, entry)]
    proof = "; ".join(wrong) or "enabled, with access to conversations and time for its waits"
    yield verdict(layer, "plugin's entry", not wrong, proof, INSTALL)
    if found_.plugin:
        other = [folder for folder, same in found_.plugin.items() if not same]
        proof = f"{other[0]} differs from this program's" if other else "are those of this program, byte for byte"
        yield verdict(layer, "plugin's files", not other, proof, f"{INSTALL}, then restart OpenClaw's gateway")
    else:
        yield verdict(layer, "plugin's files", False, "no folder of plugins.load.paths holds them", INSTALL)
    gate = found_table(found_.tree, "security", "installPolicy")
    gated = gate.get("enabled") is True and has_gate(gate, found_.plugin)
    proof = "skills and plugins ask the edge first" if gated else "nobody is asked where no gateway runs"
    yield verdict(layer, "installs", gated, proof, f"{INSTALL}, with `node` on the PATH")
    if found_.inspected is None:
        fix = "give --openclaw FILE"
        yield Check(layer, "plugin, loaded", State.NOT_CHECKED, "no `openclaw` on the PATH to ask", fix)
    else:
        wrong = [*_badly_loaded(found_.inspected)]
        proof = "; ".join(wrong) or "loaded by OpenClaw, with every hook"
        yield verdict(layer, "plugin, loaded", not wrong, proof, "`openclaw plugins inspect safety-gateway --runtime`")


def _misconfigured(found_: Findings, entry: JsonObject) -> Iterator[str]:
    plugins = found_table(found_.tree, "plugins")
    if plugins.get("enabled") is False or entry.get("enabled") is not True or PLUGIN_ID in words(plugins.get("deny")):
        yield "not enabled"
    if isinstance(plugins.get("allow"), list) and PLUGIN_ID not in words(plugins["allow"]):
        yield "not among plugins.allow"
    hooks = found_table(entry, "hooks")
    if hooks.get("allowConversationAccess") is not True:
        yield "no access to conversations: nine of its hooks would never run"
    if hooks.get("allowPromptInjection") is False:
        yield "may not narrow what a model is offered"
    limits = [value for key, value in found_table(hooks, "timeouts").items() if key != "gateway_stop"]
    if any(not isinstance(limit, int) or limit < HOOK_MS for limit in (hooks.get("timeoutMs"), *limits)):
        yield f"less than {HOOK_MS // 1000} s for its hooks: a late answer would count as none"
    told = found_table(entry, "config")
    if "url" not in told and told.get("socket") != found_.socket:
        yield "asks at another socket than the edge's"


def _badly_loaded(inspected: JsonObject) -> Iterator[str]:
    status = found(inspected, "plugin", "status")
    if status != "loaded":
        yield f"its status is {status}" if status else "OpenClaw knows of no such plugin"
        return
    listed = inspected.get("typedHooks")
    hooks = {found(hook, "name") for hook in listed} if isinstance(listed, list) else set()
    missing = [hook for hook in REQUIRED if hook not in hooks and hook not in NO_HOOKS]
    if missing:
        yield f"without {', '.join(missing)}"
    told = inspected.get("diagnostics")
    for item in told if isinstance(told, list) else []:
        if found(item, "level") == "error":
            yield f"OpenClaw says: {str(found(item, 'message'))[:200]}"
