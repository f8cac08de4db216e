"""The plugin, the agents' tools and sandboxes, and the stores that would keep what nobody redacts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.cli.openclaw.models import key_of
from safety_core.cli.openclaw.plugin import INSTALL_GATE
from safety_core.cli.openclaw.tree import found, found_table, table, words
from safety_core.cli.openclaw.wish import PLUGIN_ID, Manifest, Wish

HOOK_MS: Final = 330_000
"""Milliseconds that a hook of ours may take. Above the longest wait of the plugin (290 s, and 15 s for the edge), so
that its own refusal comes first: OpenClaw lets a message go whose hook is late. Below the 360 s after which it gives a
turn up."""

STOP_MS: Final = 5_000
"""Milliseconds for taking leave: OpenClaw's own default, which a longer limit for all hooks would lift."""

IMPLIED: Final[Mapping[str, str]] = MappingProxyType({"write": "apply_patch"})
"""A tool that OpenClaw allows -> another one that it then allows, too."""

TRAJECTORY: Final = "OPENCLAW_TRAJECTORY"
SWITCHES: Final = (
    ("env", "shellEnv", "enabled"),  # brings the keys of a login shell into every command
    ("diagnostics", "cacheTrace", "enabled"),
    ("diagnostics", "otel", "captureContent"),
)
"""What must not be on. OpenClaw has all of it off unless it is told."""

LOUD: Final = frozenset({"debug", "trace"})


def set_plugin(tree: JsonObject, wish: Wish) -> None:
    """Let the plugin be loaded, with everything that it needs, at the edge's address."""
    plugins = table(tree, "plugins")
    if plugins.get("enabled") is False:
        plugins["enabled"] = True
    paths = words(found(plugins, "load", "paths"))
    wanted = [path for path in paths if path not in wish.former]
    if wish.plugin not in wanted:
        wanted.append(wish.plugin)
    if wanted != paths:
        table(plugins, "load")["paths"] = [*wanted]
    for name, there in (("allow", True), ("deny", False)):
        listed = words(plugins.get(name))
        if isinstance(plugins.get(name), list) and (PLUGIN_ID in listed) is not there:
            rest: list[Json] = [item for item in listed if item != PLUGIN_ID]
            plugins[name] = [*rest, PLUGIN_ID] if there else rest
    entry = table(plugins, "entries", PLUGIN_ID)
    entry["enabled"] = True
    hooks = table(entry, "hooks")
    hooks.update(allowConversationAccess=True, timeoutMs=HOOK_MS)
    if hooks.get("allowPromptInjection") is False:
        hooks["allowPromptInjection"] = True
    hooks["timeouts"] = {"gateway_stop": STOP_MS}
    config = table(entry, "config")
    if "url" not in config:  # told by hand: an OpenClaw in a container
        config["socket"] = wish.socket


def gate_installs(tree: JsonObject, command: tuple[str, ...], folders: Collection[str]) -> str:
    """Let a program of ours be asked before any skill or plugin is installed, also where no gateway runs.

    Args:
        command: the program and its arguments, the last of which is the edge's socket; () for none.
        folders: where our plugin lies, or has lain: another's program may be called the same.

    Returns:
        Why it is not asked, empty if it is or there is none.
    """
    now = found_table(tree, "security", "installPolicy")
    mine = has_gate(now, folders)
    if now.get("enabled") is True and not mine:
        return "security.installPolicy asks another program before installs; it stays, and the edge is not asked"
    if found(tree, "plugins", "entries", PLUGIN_ID, "config", "url") is not None:
        # OpenClaw takes every argument with a slash in it for a script, and an address is none.
        return "the plugin asks at an address: installs where no gateway runs cannot be gated without the socket"
    if command:
        table(tree, "security")["installPolicy"] = {
            "enabled": True,
            "exec": {
                "source": "exec",
                "command": command[0],
                "args": [*command[1:]],
                "timeoutMs": HOOK_MS,
                "noOutputTimeoutMs": HOOK_MS,
                "passEnv": ["SAFETY_HOME", "HOME"],
            },
        }
    return ""


def has_gate(policy: JsonObject, folders: Collection[str]) -> bool:
    """Tell whether what `security.installPolicy` runs is the program of a plugin in one of `folders`."""
    ours = {f"{folder.rstrip('/')}/{INSTALL_GATE}" for folder in folders}
    return not ours.isdisjoint(words(found(policy, "exec", "args")))


def hold_agents(tree: JsonObject, manifests: Mapping[str, Manifest], agents: tuple[str, ...]) -> None:
    """Give every agent the tools and the sandbox that its manifest says."""
    known = {agent: manifests[agent] for agent in agents if agent in manifests}
    for agent, manifest in known.items():
        if manifest.tools is not None:
            _hold_to(table(tree, "agents", "entries", key_of(tree, agent), "tools"), manifest.tools)
        if manifest.sandboxed:
            entry = table(tree, "agents", "entries", key_of(tree, agent))
            table(entry, "sandbox")["mode"] = "all"
            table(entry, "tools", "elevated")["enabled"] = False
            table(entry, "tools", "exec")["host"] = "sandbox"
    if known:
        _hold_subagents(table(tree, "agents", "defaults", "subagents"), [*known.values()])


def _hold_to(tools: JsonObject, names: tuple[str, ...]) -> None:
    tools["allow"] = [*sorted(names)]
    tools.pop("alsoAllow", None)  # OpenClaw refuses it beside allow
    denied = words(tools.get("deny"))
    more = [implied for tool, implied in IMPLIED.items() if tool in names and implied not in names]
    deny: list[Json] = [*dict.fromkeys([name for name in denied if name not in names] + more)]
    if deny or "deny" in tools:
        tools["deny"] = deny


def _hold_subagents(limits: JsonObject, manifests: list[Manifest]) -> None:
    """Tighten OpenClaw's own limits to the widest manifest; the edge holds each agent to its own."""
    for name, least, most, wanted in (
        ("maxSpawnDepth", 1, 5, max(manifest.depth for manifest in manifests)),
        ("maxChildrenPerAgent", 1, 20, max(manifest.running for manifest in manifests)),
    ):
        now = limits.get(name)
        limit = max(least, min(most, wanted))
        if not isinstance(now, int) or now > limit:
            limits[name] = limit


def quiet_stores(tree: JsonObject) -> None:
    """Switch off what would write prompts and results down before anybody has redacted them."""
    table(tree, "env", "vars")[TRAJECTORY] = "0"
    for path in SWITCHES:
        if found(tree, *path) is True:
            table(tree, *path[:-1])[path[-1]] = False
    for name in ("level", "consoleLevel"):
        if found(tree, "logging", name) in LOUD:
            table(tree, "logging")[name] = "info"


def loud_stores(tree: JsonObject) -> list[str]:
    """Return the settings by which raw data is kept."""
    loud = []
    if found(tree, "env", "vars", TRAJECTORY) != "0":
        loud.append(f"env.vars.{TRAJECTORY} is not 0")
    loud += [".".join(path) for path in SWITCHES if found(tree, *path) is True]
    return loud + [f"logging.{name}" for name in ("level", "consoleLevel") if found(tree, "logging", name) in LOUD]


def entry_of(tree: JsonObject, agent: str) -> JsonObject:
    """Return what a configuration says about one agent."""
    return found_table(tree, "agents", "entries", key_of(tree, agent))
