"""What the running edge says: what is in force, its agents, where it listens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.cli.edge_socket import ask_edge
from safety_core.cli.openclaw.tree import found
from safety_core.cli.openclaw.wish import Manifest
from safety_core.cli.status import ask
from safety_core.errors import InputError, UnavailableError
from safety_core.model.policy import SUBAGENT_DEPTH, SUBAGENTS_RUNNING
from safety_core.wire.reader import Reader

ROUTE: Final = "/v1/agents"


@dataclass(frozen=True, slots=True)
class Told:
    """What the edge said.

    Attributes:
        status: the body of GET /v1/status; None where no edge answers.
        trouble: why none does.
        manifests: by agent, those that policy has; None where it does not say.
    """

    status: JsonObject | None = None
    trouble: str = ""
    manifests: Mapping[str, Manifest] | None = None

    @property
    def egress(self) -> str | None:
        """The address of the edge's egress, or None."""
        port = found(self.status, "listeners", "egress")
        return f"http://127.0.0.1:{port}" if isinstance(port, int) and 0 < port < 65536 else None


def ask_all(path: Path) -> Told:
    """Return all that the edge at this socket says. It need not run."""
    try:
        status = ask(path)
    except UnavailableError as error:
        return Told(trouble=f"{error.thing} {error.reason}")
    try:
        return Told(status, "", ask_agents(path))
    except UnavailableError:
        return Told(status)


def ask_agents(path: Path) -> Mapping[str, Manifest]:
    """Return the manifests of all agents that policy knows, as the edge at this socket says.

    Raises:
        UnavailableError: nobody answers there, or not with manifests.
    """
    answer = ask_edge(path, "GET", ROUTE)
    try:
        return read_manifests(Reader(answer, "agents"))
    except InputError as error:
        raise UnavailableError(
            f"edge at {path}", f"gave an answer that cannot be read ({error})", "is the edge of this version?"
        ) from error


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
