"""A publisher's client of the hub: releases of signed policy, for many tenants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx2

from safety_core.bundle.archive import tar_of
from safety_core.canonical import Json, JsonObject, canonical_bytes
from safety_core.edge.hub import check_answer, check_url
from safety_core.errors import InputError, UnavailableError
from safety_core.wire.reader import Reader

PATIENCE: Final = 60.0
"""Seconds for one answer: the hub verifies what it is sent."""


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
class PublisherClient:
    """Speaks for one publisher. Use it as a context manager. Raises UnavailableError, RefusedError."""

    url: str
    token: str = field(repr=False)
    _http: httpx2.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        base = check_url(self.url)
        if not self.token.isascii() or not self.token.isprintable() or not self.token:
            raise InputError("publisher's token", "is not a token", "put it into a file and give --token-file")
        self._http = httpx2.Client(
            base_url=base, headers={"Authorization": f"Bearer {self.token}"}, timeout=PATIENCE, trust_env=False
        )

    def __enter__(self) -> PublisherClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def make(self, name: str, waves: Sequence[JsonObject]) -> HubRelease:
        """Make a release that waits for publications."""
        listed: list[Json] = [*waves]
        return _release(self._send("POST", "/v1/releases", canonical_bytes({"name": name, "waves": listed})))

    def show(self, name: str) -> HubRelease:
        """Return a release with its tenants."""
        return _release(self._send("GET", f"/v1/releases/{name}"))

    def stage(self, name: str, tenant: str, files: Mapping[str, bytes]) -> None:
        """Send a tenant's publication, or one with a fresh timestamp."""
        self._send("PUT", f"/v1/releases/{name}/tenants/{tenant}", tar_of(files))

    def act(self, name: str, action: str) -> HubRelease:
        """Start, halt, resume, promote or abandon a release."""
        return _release(self._send("POST", f"/v1/releases/{name}/action", canonical_bytes({"action": action})))

    def _send(self, method: str, path: str, body: bytes = b"") -> Reader:
        try:
            answer = self._http.request(method, path, content=body)
        except (httpx2.HTTPError, OSError) as error:
            reason = f"did not answer ({type(error).__name__})"
            raise UnavailableError("hub", reason, "check --hub and the network, and go on with --continue") from error
        raw = check_answer(answer.status_code, answer.content)
        try:
            return Reader.parse(raw, "hub's answer")
        except InputError as error:
            raise _no_hub() from error


def _release(body: Reader) -> HubRelease:
    try:
        return _read(body)
    except InputError as error:
        raise _no_hub() from error


def _no_hub() -> UnavailableError:
    return UnavailableError("hub", "sent an answer that is no hub's", "check --hub")


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
