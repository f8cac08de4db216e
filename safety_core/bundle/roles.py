"""TUF as the publisher makes it: keys, thresholds, and the four documents around a bundle.

    root/<n>.json       who may sign what, by how many; signed by the root keys, rotated by the next root
    targets/<n>.json    the bundle of the tenant: its hash, and the key of its OPA signature
    snapshot/<n>.json   which targets document is current
    timestamp.json      which snapshot is current; for at most a day, so that holding back news is noticed
    bundles/<sha256>.tar.gz

Documents are written in their RFC 8785 form and in no other: a reader can refuse any changed byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from nacl.signing import SigningKey
from securesystemslib.signer import Key, SecretsHandler, Signature, Signer, SSlibKey
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Role, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from safety_core.canonical import Json, canonical_bytes, digest
from safety_core.errors import PolicyError

ROLES: Final = ("root", "targets", "snapshot", "timestamp")

ORDER: Final = ("bundles", "root", "targets", "snapshot", "timestamp.json")
"""What refers to something is put in place after it, so that a reader at any moment finds all that it is led to."""

ROOT_LIFE: Final = timedelta(days=365)
TARGETS_LIFE: Final = timedelta(days=90)
SNAPSHOT_LIFE: Final = timedelta(days=90)
TIMESTAMP_LIFE: Final = timedelta(hours=24)
"""The design's bound: an edge refuses a timestamp that promises more."""

AHEAD: Final = 1000
"""By so many versions the snapshot and timestamp of what waits in a release are ahead of what is in force. So that can
be renewed in the meantime, and an edge never meets two documents of one version."""


class Ed25519Signer(Signer):
    """An Ed25519 key held with PyNaCl, in the shape that python-tuf signs with."""

    def __init__(self, seed: bytes) -> None:
        self._key = SigningKey(seed)
        self._public = ed25519_key(bytes(self._key.verify_key).hex())

    @property
    def public_key(self) -> Key:
        """The public half."""
        return self._public

    def sign(self, payload: bytes) -> Signature:
        """Sign the bytes of a document."""
        return Signature(self._public.keyid, self._key.sign(payload).signature.hex())

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> Signer:
        """Refuse: keys are read by the command line, not from addresses."""
        raise PolicyError("signing key", "cannot be read from an address", "give the folder with the key files")


def ed25519_key(public: str) -> Key:
    """Return a TUF key for an Ed25519 public key of 64 hexadecimal digits; its id is the hash of its content."""
    content: Json = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public}}
    return SSlibKey(digest(content), "ed25519", "ed25519", {"public": public})


@dataclass(frozen=True, slots=True)
class Keys:
    """The signers of one role, of whom `threshold` must sign."""

    signers: tuple[Signer, ...]
    threshold: int = 1


def make_root(roles: Mapping[str, Keys], *, version: int, now: float, also: Sequence[Signer] = ()) -> bytes:
    """Return a root document, signed by its own root keys and by those of the root before it (`also`)."""
    root = Root(
        version=version,
        expires=_at(now) + ROOT_LIFE,
        keys={signer.public_key.keyid: signer.public_key for keys in roles.values() for signer in keys.signers},
        roles={
            name: Role([signer.public_key.keyid for signer in keys.signers], keys.threshold)
            for name, keys in roles.items()
        },
        consistent_snapshot=True,
    )
    return document_bytes(Metadata(root), [*roles["root"].signers, *also])


def next_root(before: Root, replaced: Mapping[str, Sequence[Signer]], by: Sequence[Signer], now: float) -> bytes:
    """Return the root document that follows `before`, for another year; thresholds stay.

    Args:
        replaced: new keys, by role; the other roles keep all that they have, also those that are not at hand.
        by: the root keys of `before` that are at hand. New root keys sign besides.
    """
    keys = {role: [signer.public_key for signer in signers] for role, signers in replaced.items()}
    fresh = {key.keyid: key for found in keys.values() for key in found}
    roles = {
        name: Role([key.keyid for key in keys[name]], role.threshold) if name in keys else role
        for name, role in before.roles.items()
    }
    named = {keyid for role in roles.values() for keyid in role.keyids}
    root = Root(
        version=before.version + 1,
        expires=_at(now) + ROOT_LIFE,
        keys={keyid: key for keyid, key in {**before.keys, **fresh}.items() if keyid in named},
        roles=roles,
        consistent_snapshot=True,
    )
    return document_bytes(Metadata(root), [*by, *replaced.get("root", ())])


@dataclass(frozen=True, slots=True)
class Release:
    """One bundle for one tenant.

    Attributes:
        archive: the signed bundle, packed.
        public_pem: the key of its OPA signature.
    """

    tenant: str
    revision: str
    archive: bytes
    public_pem: str


def publish(
    latest: Mapping[str, bytes],
    release: Release,
    signers: Mapping[str, Sequence[Signer]],
    now: float,
    *,
    ahead: int = 0,
) -> Mapping[str, bytes]:
    """Return the new files that put `release` into a repository.

    Args:
        latest: the files that are there (only the current timestamp, snapshot and targets are read).
        signers: for targets, snapshot and timestamp.
        now: seconds since the epoch.
        ahead: versions of snapshot and timestamp that are left free (`AHEAD` for what has to wait).
    """
    number = _next(latest, "targets")
    target = TargetFile.from_data(target_path(release.tenant), release.archive, ["sha256"])
    target.unrecognized_fields["custom"] = {
        "tenant": release.tenant,
        "revision": release.revision,
        "signing_key": release.public_pem,
    }
    targets = Targets(version=number, expires=_at(now) + TARGETS_LIFE, targets={target.path: target})
    raw = document_bytes(Metadata(targets), signers["targets"])
    files = {bundle_path(target.hashes["sha256"]): release.archive, f"targets/{number}.json": raw}
    return {**files, **renew({**latest, **files}, signers, now, ahead=ahead)}


def renew(
    latest: Mapping[str, bytes], signers: Mapping[str, Sequence[Signer]], now: float, *, ahead: int = 0
) -> Mapping[str, bytes]:
    """Return a new snapshot and timestamp for the newest targets: what a publisher does twice a day."""
    number, newest = _next(latest, "snapshot") + ahead, _next(latest, "targets") - 1
    meta = _meta(newest, latest[f"targets/{newest}.json"])
    snapshot = Snapshot(version=number, expires=_at(now) + SNAPSHOT_LIFE, meta={"targets.json": meta})
    raw = document_bytes(Metadata(snapshot), signers["snapshot"])
    timestamp = Timestamp(
        version=_after(latest) + ahead, expires=_at(now) + TIMESTAMP_LIFE, snapshot_meta=_meta(number, raw)
    )
    return {f"snapshot/{number}.json": raw, "timestamp.json": document_bytes(Metadata(timestamp), signers["timestamp"])}


def target_path(tenant: str) -> str:
    """Return the name under which a tenant's bundle stands in the targets document."""
    return f"{tenant}/bundle.tar.gz"


def bundle_path(sha256: str) -> str:
    """Return where the bundle with this hash lies in a repository."""
    return f"bundles/{sha256}.tar.gz"


def in_order(names: Iterable[str]) -> list[str]:
    """Return the names of a repository's files in the order in which they are put in place."""
    return sorted(names, key=lambda name: (ORDER.index(name.partition("/")[0]), name))


def document_bytes(document: Metadata, signers: Sequence[Signer]) -> bytes:  # type: ignore[type-arg]
    """Sign a document and return its bytes."""
    for signer in signers:
        document.sign(signer, append=True)
    return canonical_bytes(document.to_dict())


def _meta(version: int, raw: bytes) -> MetaFile:
    return MetaFile(version, len(raw), {"sha256": hashlib.sha256(raw).hexdigest()})


def _next(latest: Mapping[str, bytes], role: str) -> int:
    names = [name.removeprefix(f"{role}/").removesuffix(".json") for name in latest if name.startswith(f"{role}/")]
    return max((int(name) for name in names if name.isdecimal()), default=0) + 1


def _after(latest: Mapping[str, bytes]) -> int:
    raw = latest.get("timestamp.json")
    if raw is None:
        return 1
    try:
        return int(Metadata.from_bytes(raw).signed.version) + 1
    except (DeserializationError, RepositoryError) as error:
        raise PolicyError(
            "timestamp.json", "of the repository cannot be read", "publish into a repository of this program"
        ) from error


def _at(now: float) -> datetime:
    return datetime.fromtimestamp(int(now), UTC)
