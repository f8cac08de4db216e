"""What is wanted of an OpenClaw."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.cli.openclaw.tree import found_table
from safety_core.errors import InputError
from safety_core.model.policy import SUBAGENT_DEPTH, SUBAGENTS_RUNNING
from safety_core.model.secret import SecretName, SecretValue

PLUGIN_ID: Final = "safety-gateway"
OWN_ENTRY: Final = ("plugins", "entries", PLUGIN_ID)
"""What nobody needs without the plugin: switched off or changed by hand, it goes with it."""

ONLY_AGENT: Final = "main"
"""What an OpenClaw without a list of agents calls its only one."""

SOURCE: Final = "safety-"
"""How the names of our secret providers in openclaw.json begin; the agent's name follows."""

_AGENT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the signed policy says about one agent.

    Attributes:
        tools: what it may reach; None for everything.
        sandboxed: it must run in OpenClaw's sandbox.
        depth: how deep agents that it starts may start others.
        running: how many may run at once.
    """

    tools: tuple[str, ...] | None = None
    sandboxed: bool = False
    depth: int = SUBAGENT_DEPTH
    running: int = SUBAGENTS_RUNNING


@dataclass(frozen=True, slots=True)
class Upstream:
    """One provider as the edge must know it.

    Attributes:
        base_url: what stands before the version in its address.
        key: its secret's name; None where it needs none.
    """

    base_url: str
    dialect: str
    key: SecretName | None


@dataclass(frozen=True, slots=True)
class Wish:
    """The address of everything.

    Attributes:
        plugin: the folder of the plugin's files.
        socket: the edge's control socket.
        egress: the edge's egress, such as http://127.0.0.1:8100.
        tokens: agent -> the file with its egress token.
        manifests: agent -> what policy says; an agent that is missing keeps what it has.
        upstreams: providers that were led to the edge before, by the edge's name for them.
        without: providers to leave out.
        gate: the program (with its arguments) that is asked before a skill or plugin is installed; none: ().
        former: other folders from which our plugin may have been loaded until now.
    """

    plugin: str
    socket: str
    egress: str
    tokens: Mapping[str, str]
    manifests: Mapping[str, Manifest] = field(default_factory=lambda: MappingProxyType({}))
    upstreams: Mapping[str, Upstream] = field(default_factory=lambda: MappingProxyType({}))
    without: frozenset[str] = frozenset()
    gate: tuple[str, ...] = ()
    former: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """The configuration that fulfils a wish.

    Attributes:
        tree: the configuration.
        upstreams: what the edge must know, by its name for the provider.
        keys: keys of providers that stood in the old configuration and belong into the vault.
        notes: what a person should know.
    """

    tree: JsonObject
    upstreams: Mapping[str, Upstream]
    keys: Mapping[SecretName, SecretValue]
    notes: tuple[str, ...]


def agents_of(tree: JsonObject) -> tuple[str, ...]:
    """Return the names of all agents, as the plugin and the edge spell them; the first is the one that always was.

    Raises:
        InputError: a name that the edge could not tell from another, or use for a file.
    """
    keys = [*found_table(tree, "agents", "entries")]
    names = [key.strip().lower() for key in keys] or [ONLY_AGENT]
    for key, name in zip(keys, names, strict=False):
        if not _AGENT.fullmatch(name) or names.count(name) > 1:
            fix = "name it in lower-case letters, digits, - and _, unlike any other"
            raise InputError(f"openclaw.json, agents.entries.{key}", "is no name for an agent of ours", fix)
    return tuple(sorted(names, key=lambda name: name != ONLY_AGENT))


def source(agent: str) -> str:
    """Return the name of the secret provider that holds an agent's token."""
    return f"{SOURCE}{agent}"


def token_ref(agent: str) -> JsonObject:
    """Return the SecretRef of an agent's egress token."""
    return {"source": "file", "provider": source(agent), "id": "value"}


def owner(entry: Json) -> str | None:
    """Return whose token a model provider's entry carries, if it is one of ours."""
    ref = found_table(entry, "apiKey")
    name = ref.get("provider")
    ours = ref.get("source") == "file" and isinstance(name, str) and name.startswith(SOURCE)
    return str(name).removeprefix(SOURCE) if ours else None
