"""What was found -> each layer in force or not, with the proof and the fix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.cli.openclaw.guard import HOOK_MS, IMPLIED, entry_of, loud_stores
from safety_core.cli.openclaw.host import LEAST, TESTED
from safety_core.cli.openclaw.plugin import INSTALL_GATE
from safety_core.cli.openclaw.providers import held_keys
from safety_core.cli.openclaw.tree import found, found_table, words
from safety_core.cli.openclaw.wish import PLUGIN_ID, Manifest, owner
from safety_core.flow.interlock import REQUIRED

INSTALL: Final = "safety openclaw install"
START: Final = "start it with `safety edge`"
NO_HOOKS: Final = frozenset({"trusted_tool_policy", "tool_result_middleware"})
"""What the edge wants registered, and OpenClaw does not count among the typed hooks."""


class Layer(StrEnum):
    """From the outermost to the innermost."""

    OPENCLAW = "0 OpenClaw"
    SANDBOX = "1 sandbox"
    TOOLS = "2 tool policy"
    GATING = "3 command gating"
    REDACTION = "4 secrets redaction"


class State(StrEnum):
    """Only what was looked at can be in force."""

    IN_FORCE = "in force"
    NOT_IN_FORCE = "not in force"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold. `fix` is empty where it holds."""

    layer: Layer
    name: str
    state: State
    proof: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found.

    Attributes:
        tree: openclaw.json.
        agents: its agents.
        socket, egress: of the edge, as they should be.
        edge: the edge's status; None where nobody answers, then `edge_trouble` says why.
        manifests: what the edge says about its agents; None where it does not.
        version: of the `openclaw` program; None where there is none.
        inspected: what it says about our plugin; None where there is none.
        plugin: folder -> whether it holds the plugin of this program, for each folder that is loaded.
        plugin_version: of the plugin of this program.
        tokens: the agents whose token file is there.
        variable: OPENCLAW_TRAJECTORY of this shell, which would win over the configuration.
    """

    tree: JsonObject
    agents: tuple[str, ...]
    socket: str
    egress: str
    edge: JsonObject | None = None
    edge_trouble: str = ""
    manifests: Mapping[str, Manifest] | None = None
    version: str | None = None
    inspected: JsonObject | None = None
    plugin: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    plugin_version: str = ""
    tokens: frozenset[str] = frozenset()
    variable: str = ""


def checks(found_: Findings) -> tuple[Check, ...]:
    """Return every check, from the outermost layer to the innermost."""
    return tuple(check for part in (_host, _sandbox, _tools, _gating, _plugin, _redaction) for check in part(found_))


def _check(layer: Layer, name: str, good: bool, proof: str, fix: str) -> Check:
    return Check(layer, name, State.IN_FORCE if good else State.NOT_IN_FORCE, proof, "" if good else fix)


def _host(found_: Findings) -> Iterator[Check]:
    seen = [found_.version or "", *(str(entry.get("host") or "") for entry in _plugins(found_))]
    versions = [*dict.fromkeys(version for version in seen if version)]
    if not versions:
        fix = "give --openclaw FILE, or start the gateway"
        yield Check(Layer.OPENCLAW, "release", State.NOT_CHECKED, "no `openclaw` on the PATH", fix)
    for version in versions:
        known = "tested with it" if version in TESTED else f"tested with {', '.join(TESTED)} only"
        least = ".".join(map(str, LEAST))
        yield _check(Layer.OPENCLAW, "release", _parts(version) >= LEAST, f"{version}; {known}", f"at least {least}")


def _parts(version: str) -> tuple[int, ...]:
    numbers = [part.partition("-")[0] for part in version.split(".")[:3]]
    return tuple(int(number) if number.isdecimal() else 0 for number in numbers)


def _sandbox(found_: Findings) -> Iterator[Check]:
    for agent, manifest in _manifests(found_):
        if manifest is None:
            yield _unknown(Layer.SANDBOX, agent, found_)
        elif not manifest.sandboxed:
            yield Check(Layer.SANDBOX, agent, State.IN_FORCE, "policy asks for none")
        else:
            ways = [*_ways_out(found_.tree, agent)]
            proof = "; ".join(ways) or "policy asks for it: mode all, no elevated commands, exec stays inside"
            yield _check(Layer.SANDBOX, agent, not ways, proof, INSTALL)


def _ways_out(tree: JsonObject, agent: str) -> Iterator[str]:
    """Yield the ways in which an agent's commands may run outside of a sandbox."""
    entry, defaults = entry_of(tree, agent), found_table(tree, "agents", "defaults")
    mode = found(entry, "sandbox", "mode") or found(defaults, "sandbox", "mode") or "off"
    if mode != "all":
        yield f"its mode is {mode}, policy asks for all"
    elevated = [found(place, "tools", "elevated", "enabled") for place in (entry, tree)]
    if all(enabled is not False for enabled in elevated):
        yield "elevated commands are not switched off"
    host = found(entry, "tools", "exec", "host") or found(tree, "tools", "exec", "host") or "auto"
    if host not in {"auto", "sandbox"}:
        yield f"exec runs on the {host}"


def _tools(found_: Findings) -> Iterator[Check]:
    for agent, manifest in _manifests(found_):
        if manifest is None:
            yield _unknown(Layer.TOOLS, agent, found_)
        elif manifest.tools is None:
            yield Check(Layer.TOOLS, agent, State.IN_FORCE, "policy lists no tools: every tool is judged by its level")
        else:
            wrong = [*_other_tools(entry_of(found_.tree, agent), manifest.tools)]
            listed = f"exactly the {len(manifest.tools)} tools of its manifest"
            yield _check(Layer.TOOLS, agent, not wrong, "; ".join(wrong) or listed, INSTALL)


def _other_tools(entry: JsonObject, tools: tuple[str, ...]) -> Iterator[str]:
    allowed = {name.lower() for name in words(found(entry, "tools", "allow"))}
    wanted = {name.lower() for name in tools}
    if not isinstance(found(entry, "tools", "allow"), list) or (not allowed and wanted):
        yield "no list of tools"
    else:
        for what, names in (("may also reach", allowed - wanted), ("is kept from", wanted - allowed)):
            if names:
                yield f"{what} {', '.join(sorted(names))}"
    if found(entry, "tools", "alsoAllow") is not None:
        yield "alsoAllow adds to the list"
    denied = words(found(entry, "tools", "deny"))
    for tool, implied in IMPLIED.items():
        if tool in wanted and implied not in wanted and implied not in denied:
            yield f"{tool} brings {implied} along, which is not denied"


def _manifests(found_: Findings) -> Iterator[tuple[str, Manifest | None]]:
    known = found_.manifests
    for agent in found_.agents:
        # An agent that policy does not name has the default: no list, no sandbox.
        yield agent, None if known is None else known.get(agent, Manifest())


def _unknown(layer: Layer, agent: str, found_: Findings) -> Check:
    fix = START if found_.edge is None else "is the edge of this version?"
    return Check(layer, agent, State.NOT_CHECKED, "the edge does not say what policy asks for", fix)


def _gating(found_: Findings) -> Iterator[Check]:
    layer, edge = Layer.GATING, found_.edge
    if edge is None:
        yield _check(layer, "edge", False, found_.edge_trouble, START)
        return
    yield _check(layer, "edge", True, f"runs, version {edge.get('version')}", "")
    policy = found_table(edge, "policy")
    fix = "see `safety status`"
    yield _check(layer, "policy", policy.get("state") == "in force", str(policy.get("detail") or "none"), fix)
    mode = _interlock(edge)
    fix = 'set egress.interlock = "enforce" in the edge\'s settings'
    yield _check(layer, "interlock", mode == "enforce", f"no plugin, no model: {mode or 'not there'}", fix)
    guarded = words(found(edge, "interlock", "guarded"))
    free = [agent for agent in found_.agents if guarded and agent not in guarded]
    if free:
        yield _check(
            layer, "guarded", False, f"{', '.join(free)}: not held to it", "list them in egress.require_plugin"
        )
    for agent in found_.agents:
        yield _checked_in(agent, _plugins(found_), found_.plugin_version)


def _interlock(edge: JsonObject) -> str:
    for place in (edge.get("interlock"), found(edge, "egress", "interlock")):
        mode = found(place, "mode") if isinstance(place, dict) else place
        if isinstance(mode, str):
            return mode
    return ""


def _checked_in(agent: str, plugins: list[JsonObject], version: str) -> Check:
    name, layer = f"plugin of {agent}", Layer.GATING
    fix = "start OpenClaw's gateway; its log says why a plugin was not loaded"
    mine = [entry for entry in plugins if entry.get("agent") == agent]
    there = [entry for entry in mine if entry.get("state", "present") == "present"]
    if not there:
        reasons = [str(entry.get("reason")) for entry in mine if entry.get("reason")]
        return _check(layer, name, False, reasons[-1] if reasons else "has not checked in", fix)
    other = [str(entry.get("version")) for entry in there if entry.get("version") != version]
    if other:
        proof = f"version {other[0]} runs, {version} belongs to this program"
        return _check(layer, name, False, proof, f"{INSTALL}, then restart OpenClaw's gateway")
    return _check(layer, name, True, f"version {version} has checked in, its hooks are complete", "")


def _plugins(found_: Findings) -> list[JsonObject]:
    listed = found_.edge.get("plugins") if found_.edge else None
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _plugin(found_: Findings) -> Iterator[Check]:
    layer, entry = Layer.GATING, found_table(found_.tree, "plugins", "entries", PLUGIN_ID)
    wrong = [*_misconfigured(found_, entry)]
    proof = "; ".join(wrong) or "enabled, with access to conversations and time for its waits"
    yield _check(layer, "plugin's entry", not wrong, proof, INSTALL)
    if found_.plugin:
        other = [folder for folder, same in found_.plugin.items() if not same]
        proof = f"{other[0]} differs from this program's" if other else "are those of this program, byte for byte"
        yield _check(layer, "plugin's files", not other, proof, f"{INSTALL}, then restart OpenClaw's gateway")
    else:
        yield _check(layer, "plugin's files", False, "no folder of plugins.load.paths holds them", INSTALL)
    gate = found_table(found_.tree, "security", "installPolicy")
    gated = gate.get("enabled") is True and any(INSTALL_GATE in arg for arg in words(found(gate, "exec", "args")))
    proof = "skills and plugins ask the edge first" if gated else "nobody is asked where no gateway runs"
    yield _check(layer, "installs", gated, proof, f"{INSTALL}, with `node` on the PATH")
    if found_.inspected is None:
        fix = "give --openclaw FILE"
        yield Check(layer, "plugin, loaded", State.NOT_CHECKED, "no `openclaw` on the PATH to ask", fix)
    else:
        wrong = [*_badly_loaded(found_.inspected)]
        proof = "; ".join(wrong) or "loaded by OpenClaw, with every hook"
        yield _check(layer, "plugin, loaded", not wrong, proof, "`openclaw plugins inspect safety-gateway --runtime`")


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


def _redaction(found_: Findings) -> Iterator[Check]:
    layer, tree = Layer.REDACTION, found_.tree
    past = [*_past_the_edge(found_)]
    fix = INSTALL
    yield _check(layer, "way to models", not past, "; ".join(past) or f"every provider leads to {found_.egress}", fix)
    keys = held_keys(tree)
    yield _check(layer, "keys", not keys, f"stand at {', '.join(keys)}" if keys else "no provider's key is here", fix)
    loud = loud_stores(tree)
    if found_.variable not in {"", "0", "false"}:
        loud.append("OPENCLAW_TRAJECTORY of this shell wins over openclaw.json: unset it where the gateway starts")
    yield _check(layer, "raw stores", not loud, "; ".join(loud) or "trajectory and content captures are off", fix)
    declared: Json = found(found_.inspected, "plugin", "contracts", "agentToolResultMiddleware")
    if found_.inspected is not None:
        proof = "redacts results before the model sees them" if declared else "is not declared"
        yield _check(layer, "middleware", bool(declared), proof, fix)
    for entry in _layers_of(found_.edge):
        if entry.get("layer") == "secrets redaction":
            yield _check(layer, "edge", entry.get("state") == "on", str(entry.get("detail")), "see `safety status`")


def _past_the_edge(found_: Findings) -> Iterator[str]:
    if found(found_.tree, "models", "mode") != "replace":
        yield "models.mode is not replace: OpenClaw finds providers by itself"
    for name, entry in found_table(found_.tree, "models", "providers").items():
        agent = owner(entry)
        if not str(found(entry, "baseUrl") or "").startswith(f"{found_.egress}/"):
            yield f"{name} goes elsewhere"
        elif agent is None or agent not in found_.tokens:
            yield f"{name} has no token of an agent"
        if any(found(entry, "request", route) is not None for route in ("proxy", "tls")):
            yield f"{name} has a route of its own"
        listed = found(entry, "models")
        if any(found(model, "baseUrl") is not None for model in (listed if isinstance(listed, list) else [])):
            yield f"a model of {name} goes elsewhere"


def _layers_of(edge: JsonObject | None) -> list[JsonObject]:
    listed = edge.get("layers") if edge else None
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
