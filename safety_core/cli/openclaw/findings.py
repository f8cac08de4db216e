"""What was found in and around an OpenClaw, and what a check of it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.cli.openclaw.wish import Manifest

INSTALL: Final = "safety openclaw install"
START: Final = "start it with `safety edge`"


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
        copies: names of copies of openclaw.json beside it that hold a provider's key.
        sign_ins: keys and sign-ins that OpenClaw's own store holds, by agent; None where nobody could be asked.
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
    copies: tuple[str, ...] = ()
    sign_ins: Mapping[str, tuple[str, ...]] | None = None
    variable: str = ""


def verdict(layer: Layer, name: str, good: bool, proof: str, fix: str) -> Check:
    """Return what came of a check; the fix is told only where it is needed."""
    return Check(layer, name, State.IN_FORCE if good else State.NOT_IN_FORCE, proof, "" if good else fix)


def checked_in_plugins(found_: Findings) -> list[JsonObject]:
    """Return the plugins that have checked in with the edge, as its status shows them."""
    listed = found_.edge.get("plugins") if found_.edge else None
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
