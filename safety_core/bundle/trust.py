"""TUF as the client checks it: untrusted bytes and `now` -> a trusted bundle, or an error named after the attack.

`refresh` is the client workflow of the TUF specification (5.3 to 5.7) as a generator: it yields what it wants
(`Fetch`) or what must be made durable (`Keep`), and never does I/O. In order:

1. root: each next version, signed by threshold of the root before it and of its own; the last one not expired;
   new timestamp or snapshot keys forget what the old ones promised (recovery from a fast-forward attack);
2. timestamp: signed by threshold, never older than the one known, never two of one version, at most a day to live;
3. snapshot: exactly the bytes that the timestamp names, signed, nothing in it older than before, not expired;
4. targets: exactly the bytes that the snapshot names, signed, not expired; where later roots are known, signed under
   the last of them too: a revoked key vouches for nothing, wherever the bundle lies;
5. bundle: the target of this tenant, exactly the bytes that the targets name; unpacked within limits; OPA signature
   by the key that the targets name; the tenant in target path, target, signature scope and manifest is the same;
6. contents: the data parses, the rules keep the profile (`contents`).

Left to the caller: proving the golden vectors, and reading no more than `Fetch.limit` bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias, TypeVar

from tuf.api.metadata import MetaFile, Root, Snapshot, Targets, Timestamp

from safety_core.bundle.archive import LIMITS
from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.roles import TIMESTAMP_LIFE, bundle_path
from safety_core.bundle.signed import LIMITS as SIZES
from safety_core.bundle.signed import check_fresh, read_chain, read_next_root, read_root, read_signed
from safety_core.bundle.target import NamedTarget, check_archive, named_target, read_archive
from safety_core.errors import FreezeError, MixAndMatchError, OversizeError, RollbackError, UnavailableError

__all__ = ["Fetch", "Keep", "Known", "TrustedBundle", "Update", "refresh"]

ROTATIONS: Final = 64
"""Root versions followed in one refresh, so that an endless chain ends."""

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far the publisher's clock may be ahead of this one."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Wants a file of the repository, of at most `limit` bytes. The reply is its bytes, or None if it is not there."""

    path: str
    limit: int


@dataclass(frozen=True, slots=True)
class Known:
    """The newest documents that have been verified: what keeps the next refresh from going back.

    Attributes:
        roots: the chain of root documents, from the pinned one on.
    """

    roots: tuple[bytes, ...]
    timestamp: bytes = b""
    snapshot: bytes = b""


@dataclass(frozen=True, slots=True)
class Keep:
    """These documents are verified; make them durable before going on. The reply is None."""

    known: Known


@dataclass(frozen=True, slots=True)
class Update:
    """Where a refresh arrived.

    Attributes:
        files: every file that led there, by its path in the repository: enough to verify it again without a network.
        sha256: of the bundle.
        key: by which its signature was verified.
    """

    bundle: TrustedBundle
    files: dict[str, bytes]
    sha256: str
    key: str

    @property
    def path(self) -> str:
        """Where the bundle lies in the repository."""
        return bundle_path(self.sha256)


R = TypeVar("R")
Steps: TypeAlias = Generator[Fetch | Keep, bytes | None, R]
Named = TypeVar("Named", Snapshot, Targets)


def refresh(
    known: Known,
    *,
    tenant: str,
    now: float,
    grace: float = 0.0,
    later: tuple[bytes, ...] = (),
    earlier: Update | None = None,
) -> Steps[Update]:
    """Follow a repository from what is known to its current bundle.

    Args:
        known: at least the pinned root.
        now: seconds since the epoch.
        grace: seconds by which expiry and clock are taken less strictly: for the last good bundle, while the hub is
            away.
        later: a chain of roots from the pinned one on, for a repository that may have been put away before its last.
        earlier: where a refresh arrived before: the same bytes under the same key, for the same tenant, are not read
            anew.

    Raises:
        BundleError: named after the attack.
        PolicyError: it is genuine, and its contents are wrong.
        UnavailableError: a file that a signed document names is not there.
    """
    at = datetime.fromtimestamp(now, UTC)
    return (yield from _Client(known, tenant, at, timedelta(seconds=grace), later, earlier).run())


class _Client:
    """One refresh: what is known so far, and the files that led there."""

    def __init__(
        self,
        known: Known,
        tenant: str,
        now: datetime,
        grace: timedelta,
        later: tuple[bytes, ...],
        earlier: Update | None,
    ) -> None:
        self._known = known
        self._later = later
        self._earlier = earlier
        self._tenant = tenant
        self._expiry = now - grace
        self._horizon = now + grace + TIMESTAMP_LIFE + CLOCK_SKEW
        self._files: dict[str, bytes] = {}

    def run(self) -> Steps[Update]:
        root = yield from self._root()
        timestamp = yield from self._timestamp(root)
        snapshot = yield from self._snapshot(root, timestamp)
        targets = yield from self._named(Targets, root, snapshot.meta["targets.json"])
        if self._later:
            newest = read_chain(self._later)[-1]
            read_signed(Targets, self._files[f"targets/{targets.version}.json"], newest)
        target = named_target(targets, self._tenant)
        bundle = yield from self._bundle(target, targets.version)
        expires = min(document.expires for document in (root, timestamp, snapshot, targets)).timestamp()
        return Update(replace(bundle, expires=expires), self._files, target.sha256, target.key)

    def _root(self) -> Steps[Root]:
        pinned, *later = self._known.roots
        root = read_root(pinned)
        for raw in later:
            root = self._next(root, raw)
        for _ in range(ROTATIONS):
            found = yield Fetch(f"root/{root.version + 1}.json", SIZES["root"])
            if found is None:
                check_fresh(root, self._expiry)
                return root
            newer = self._next(root, found)
            self._known = replace(self._known, roots=(*self._known.roots, found))
            if any(root.roles[role] != newer.roles[role] for role in ("timestamp", "snapshot")):
                self._known = replace(self._known, timestamp=b"", snapshot=b"")
            root = newer
            yield Keep(self._known)
        raise OversizeError("root", f"has more than {ROTATIONS} new versions", "pin a newer root")

    def _next(self, root: Root, raw: bytes) -> Root:
        newer = read_next_root(raw, root)
        if newer.version != root.version + 1:
            raise RollbackError("root", f"is version {newer.version} where {root.version + 1} must follow")
        self._files[f"root/{newer.version}.json"] = raw
        return newer

    def _timestamp(self, root: Root) -> Steps[Timestamp]:
        raw = yield from self._fetch("timestamp.json", SIZES["timestamp"])
        timestamp = read_signed(Timestamp, raw, root)
        if self._known.timestamp:
            _check_newer(timestamp, raw, self._known.timestamp, root)
        check_fresh(timestamp, self._expiry)
        if timestamp.expires > self._horizon:
            raise FreezeError(
                "timestamp", "is to last for more than a day", "see whether this machine's clock is right"
            )
        self._known = replace(self._known, timestamp=raw)
        yield Keep(self._known)
        return timestamp

    def _snapshot(self, root: Root, timestamp: Timestamp) -> Steps[Snapshot]:
        snapshot = yield from self._named(Snapshot, root, timestamp.snapshot_meta)
        if set(snapshot.meta) != {"targets.json"}:
            raise MixAndMatchError("snapshot", "does not name the targets, and only them")
        if self._known.snapshot:
            before = read_signed(Snapshot, self._known.snapshot, root).meta["targets.json"].version
            if snapshot.meta["targets.json"].version < before:
                raise RollbackError("snapshot", f"names older targets than {before}, which are known")
        self._known = replace(self._known, snapshot=self._files[f"snapshot/{snapshot.version}.json"])
        yield Keep(self._known)
        return snapshot

    def _named(self, kind: type[Named], root: Root, meta: MetaFile) -> Steps[Named]:
        """Return the document that `meta` names, if it is exactly that one."""
        raw = yield from self._fetch(f"{kind.type}/{meta.version}.json", SIZES[kind.type])
        document = read_signed(kind, raw, root)
        if (meta.length, meta.hashes, meta.version) != (len(raw), {"sha256": _sha256(raw)}, document.version):
            raise MixAndMatchError(kind.type, "is genuine, and not the one that belongs here")
        check_fresh(document, self._expiry)
        return document

    def _bundle(self, target: NamedTarget, version: int) -> Steps[TrustedBundle]:
        raw = yield from self._fetch(target.path, min(target.length, LIMITS.packed))
        check_archive(target, raw)
        bundle = self._known_bundle(target.sha256, target.key, version)
        if bundle is None:
            bundle = read_archive(target, raw, tenant=self._tenant, version=version)
        if bundle.revision != target.revision:
            raise MixAndMatchError("bundle", "has another revision than its target")
        return bundle

    def _known_bundle(self, sha256: str, key: str, version: int) -> TrustedBundle | None:
        """Return what these bytes came to before: a tenth of a second of work for a policy that did not change."""
        earlier = self._earlier
        if earlier is None:
            return None
        before = (earlier.sha256, earlier.key, earlier.bundle.policy.version, earlier.bundle.policy.tenant)
        return earlier.bundle if before == (sha256, key, version, self._tenant) else None

    def _fetch(self, path: str, limit: int) -> Steps[bytes]:
        raw = yield Fetch(path, limit)
        if raw is None:
            raise UnavailableError(path, "is not in the repository", "publish again")
        if len(raw) > limit:
            raise OversizeError(path, f"is larger than {limit} bytes")
        self._files[path] = raw
        return raw


def _check_newer(timestamp: Timestamp, raw: bytes, known: bytes, root: Root) -> None:
    before = read_signed(Timestamp, known, root)
    if timestamp.version < before.version or timestamp.snapshot_meta.version < before.snapshot_meta.version:
        raise RollbackError("timestamp", f"is version {timestamp.version}, older than {before.version}, which is known")
    if timestamp.version == before.version and raw != known:
        raise MixAndMatchError("timestamp", f"has two different forms of version {before.version}")


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
