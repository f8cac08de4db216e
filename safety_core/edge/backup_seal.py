"""Who made a backup: its manifest is signed by the edge's own key, and names every file by its digest.

Whoever can write where backups are kept, and has no key of the edge, can take one away, and put back an older one; the
hub notices that. They cannot change one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.errors import SafetyError

CONTEXT: Final = b"safety-gateway backup v1\x00"
"""Separates signatures over manifests from any other use of the same key."""

FIX: Final = "take another one, or the key of its time; if an earlier version made it, restore it with --unsigned"


def sealed(manifest: JsonObject, key: SigningKey) -> JsonObject:
    """Return a manifest with its signature, 128 hexadecimal digits."""
    return {**manifest, "signature": key.sign(_signed(manifest)).signature.hex()}


def check_seal(manifest: Path, key: VerifyKey) -> None:
    """Check that the edge of this key made a backup.

    Raises:
        SafetyError: another one did, or none, or the manifest was changed; or it cannot be read.
    """
    if not manifest.is_file():
        raise SafetyError(str(manifest.parent), "has no manifest that can be read", "take another backup")
    try:
        told = dict(json.loads(manifest.read_bytes()).items())
        signature = bytes.fromhex(told.pop("signature", ""))
        key.verify(_signed(told), signature)
    except (OSError, ValueError, TypeError, AttributeError, SafetyError, BadSignatureError, RecursionError) as error:
        raise SafetyError(
            str(manifest), "is not signed by this edge's key: it was changed, or made elsewhere", FIX
        ) from error


def _signed(manifest: JsonObject) -> bytes:
    return CONTEXT + canonical_bytes(manifest)
