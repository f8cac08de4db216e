"""What the running edge says: about its agents, and where it listens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.cli.edge_socket import ask_edge
from safety_core.cli.openclaw.wish import Manifest
from safety_core.errors import InputError, UnavailableError
from safety_core.model.policy import SUBAGENT_DEPTH, SUBAGENTS_RUNNING
from safety_core.wire.reader import Reader

ROUTE: Final = "/v1/agents"


def ask_agents(path: Path) -> Mapping[str, Manifest]:
    """Return the manifests of all agents that policy knows, as the edge at this socket says.

    Raises:
        UnavailableError: nobody answers there, or not with manifests.
    """
    answer = ask_edge(path, "GET", ROUTE)
    try:
        return read_manifests(Reader(answer, "agents"))
    except InputError as error:
        raise UnavailableError(f"edge at {path}", f"gave an answer that cannot be read ({error})") from error


def read_manifests(body: Reader) -> Mapping[str, Manifest]:
    """Return the manifests in an answer, by agent; names in the spelling of the edge."""
    return {entry.text("agent"): _manifest(entry) for entry in body.objects("agents")}


def _manifest(entry: Reader) -> Manifest:
    nested = entry.object("subagents") if entry.has("subagents") else Reader({}, "subagents")
    listed = entry.has("tools") and entry.json("tools") is not None
    return Manifest(
        tools=entry.texts("tools") if listed else None,
        sandboxed=entry.text("sandbox", "any") == "required",
        depth=nested.integer("depth", SUBAGENT_DEPTH),
        running=nested.integer("running", SUBAGENTS_RUNNING),
    )


def egress_of(status: JsonObject) -> str | None:
    """Return the address of the edge's egress, as its status says, or None."""
    listeners = status.get("listeners")
    port = listeners.get("egress") if isinstance(listeners, dict) else None
    return f"http://127.0.0.1:{port}" if isinstance(port, int) and 0 < port < 65536 else None
