"""A publisher's client of the hub: releases of signed policy, for many tenants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from safety_core.bundle.archive import tar_of
from safety_core.canonical import Json, JsonObject, canonical_bytes
from safety_core.edge.bearer import BearerClient, no_hub
from safety_core.errors import InputError
from safety_core.wire.reader import Reader

TAR: Final = "application/x-tar"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One tenant's publication in a release, as the hub has it.

    Attributes:
        state: "staged", "placed" or "failed"; `note` says why.
        sha256: of the bundle.
        expires: until when its publisher vouches for it, seconds since the epoch.
    """

    tenant: str
    state: str
    revision: str
    version: int
    sha256: str
    expires: float
    note: str


@dataclass(frozen=True, slots=True)
class HubRelease:
    """A release as the hub has it. `waves`: of each, how many are staged, placed and failed."""

    id: str
    name: str
    state: str
    reason: str
    waves: tuple[tuple[int, int, int], ...]
    tenants: Mapping[str, Waiting] = field(default_factory=dict)


@dataclass(slots=True)
class PublisherClient(BearerClient):
    """Speaks for one publisher. The hub verifies what it is sent, so it may take long to answer."""

    HOLDER = "publisher"
    PATIENCE = 60.0
    AWAY = "check --hub and the network, and go on with --continue"

    def make(self, name: str, waves: Sequence[JsonObject]) -> HubRelease:
        """Make a release that waits for publications."""
        listed: list[Json] = [*waves]
        return _release(self._ask("POST", "/v1/releases", canonical_bytes({"name": name, "waves": listed})))

    def show(self, name: str) -> HubRelease:
        """Return a release with its tenants."""
        return _release(self._ask("GET", f"/v1/releases/{name}"))

    def stage(self, name: str, tenant: str, files: Mapping[str, bytes]) -> None:
        """Send a tenant's publication, or one with a fresh timestamp."""
        self._ask("PUT", f"/v1/releases/{name}/tenants/{tenant}", tar_of(files), kind=TAR)

    def act(self, name: str, action: str) -> HubRelease:
        """Start, halt, resume, promote or abandon a release."""
        return _release(self._ask("POST", f"/v1/releases/{name}/action", canonical_bytes({"action": action})))


def _release(body: Reader) -> HubRelease:
    try:
        return _read(body)
    except InputError as error:
        raise no_hub() from error


def _read(body: Reader) -> HubRelease:
    waves = [tuple(wave.integer(name) for name in ("staged", "placed", "failed")) for wave in body.objects("waves")]
    tenants = {}
    for item in body.objects("tenants") if body.has("tenants") else ():
        waiting = Waiting(
            item.text("tenant"),
            item.text("state"),
            item.text("revision"),
            item.integer("version"),
            item.text("sha256"),
            item.number("expires"),
            item.text("note", ""),
        )
        tenants[waiting.tenant] = waiting
    counts = tuple((staged, placed, failed) for staged, placed, failed in waves)
    return HubRelease(body.text("id"), body.text("name"), body.text("state"), body.text("reason", ""), counts, tenants)
