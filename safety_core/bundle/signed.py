"""One signed TUF document: bytes -> what it says, if enough of the right keys signed exactly these bytes.

Stricter than TUF asks: the document stands in its one canonical form, holds nothing but `signed` and
`signatures`, every signature in it is valid, keys are Ed25519 and stand once. So any changed byte is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVar

from securesystemslib.exceptions import UnverifiedSignatureError
from tuf.api.metadata import Metadata, Root, Signed, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from safety_core.bundle.roles import ed25519_key
from safety_core.canonical import canonical_bytes
from safety_core.errors import FreezeError, InputError, OversizeError, TamperedError, UnderSignedError
from safety_core.wire.reader import Reader

Document = TypeVar("Document", Root, Timestamp, Snapshot, Targets)

LIMITS: Final = {"root": 64 * 1024, "timestamp": 16 * 1024, "snapshot": 64 * 1024, "targets": 256 * 1024}
"""Bytes of each document; ours have about a tenth of these."""

_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")
_PUBLIC: Final = re.compile(r"[0-9a-f]{64}")


def read_signed(kind: type[Document], raw: bytes, root: Root, *also: Root) -> Document:
    """Return what `raw` says, signed by threshold of the role's keys in `root` (and in each of `also`).

    Raises:
        OversizeError: it is larger than its role ever is.
        TamperedError: it is not such a document in its canonical form, or holds a signature that is not valid.
        UnderSignedError: fewer keys signed than the threshold.
    """
    document = parse_document(kind, raw)
    _check_signatures(kind.type, document, root, *also)
    return document.signed


def read_root(raw: bytes) -> Root:
    """Return the pinned root: trusted because it was given, checked all the same."""
    document = parse_document(Root, raw)
    _check_signatures("root", document, document.signed)
    return document.signed


def read_next_root(raw: bytes, root: Root) -> Root:
    """Return a later root, signed by threshold of the root before it and of its own."""
    document = parse_document(Root, raw)
    _check_signatures("root", document, root, document.signed)
    return document.signed


def read_chain(roots: Sequence[bytes]) -> list[Root]:
    """Return the root documents from the pinned one on, each signed by threshold of the one before it."""
    chain: list[Root] = []
    for raw in roots:
        chain.append(read_next_root(raw, chain[-1]) if chain else read_root(raw))
    return chain


def parse_document(kind: type[Document], raw: bytes) -> Metadata[Document]:
    """Parse a document without believing it."""
    role = kind.type
    if len(raw) > LIMITS[role]:
        raise OversizeError(role, f"is larger than {LIMITS[role]} bytes")
    try:
        whole = Reader.parse(raw, role)
        whole.mapping("signed")
        for entry in whole.objects("signatures", limit=64):
            if not _SIGNATURE.fullmatch(entry.text("sig")) or not _PUBLIC.fullmatch(entry.text("keyid")):
                raise TamperedError(role, "holds something that is no Ed25519 signature")
            entry.done()
        whole.done()
        if canonical_bytes(whole.whole()) != raw:
            raise TamperedError(role, "is not in its one canonical form")
        document: Metadata[Document] = Metadata.from_bytes(raw)
    except InputError as error:
        raise TamperedError(role, f"cannot be read ({error.thing} {error.reason})") from error
    except DeserializationError as error:
        raise TamperedError(role, "is not a TUF document") from error
    if document.signed.type != role:
        raise TamperedError(role, f"is a {document.signed.type} document")
    if isinstance(document.signed, Root):
        _check_keys(document.signed)
    return document


def _check_keys(root: Root) -> None:
    """Refuse keys of another kind, or under a name that is not the hash of the key: one key could count twice."""
    for keyid, key in root.keys.items():
        public = str(key.keyval.get("public"))
        if (
            not _PUBLIC.fullmatch(public)
            or ed25519_key(public).to_dict() != key.to_dict()
            or ed25519_key(public).keyid != keyid
        ):
            raise TamperedError("root", "has a key that is not Ed25519, or not under its own name")


def _check_signatures(role: str, document: Metadata[Document], *roots: Root) -> None:
    signed: set[str] = set()
    for keyid, signature in document.signatures.items():
        key = next((root.keys[keyid] for root in roots if keyid in root.roles[role].keyids), None)
        if key is None:
            continue
        try:
            key.verify_signature(signature, document.signed_bytes)
        except UnverifiedSignatureError as error:
            raise TamperedError(role, "holds a signature that is not valid") from error
        signed.add(keyid)
    for root in roots:
        have, need = len(signed & set(root.roles[role].keyids)), root.roles[role].threshold
        if have < need:
            raise UnderSignedError(role, f"is signed by {have} of the {need} keys it needs")
    if len(signed) != len(document.signatures):
        raise TamperedError(role, "is signed by a key that is not its own")


def check_fresh(signed: Signed, now: datetime) -> None:
    """Refuse a document past its expiry."""
    if signed.is_expired(now):
        raise FreezeError(
            signed.type,
            f"has expired ({signed.expires:%Y-%m-%d %H:%M} UTC)",
            "see whether the publisher still renews it",
        )
