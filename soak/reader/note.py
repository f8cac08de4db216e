"""Signed checkpoints (C2SP signed-note and tlog-checkpoint): which size and root a key has vouched for."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is vouched for."""

    origin: str
    size: int
    root: bytes


def signed(text: str, public: str) -> Checkpoint | None:
    """Return the checkpoint in a note, None if this key (Ed25519, hexadecimal) has not signed it under its origin."""
    body, blank, rest = text.partition("\n\n")
    lines = body.split("\n")
    if not blank or len(lines) != 3:
        return None
    key = bytes.fromhex(public)
    named = hashlib.sha256(lines[0].encode() + b"\n\x01" + key).digest()[:4]
    for line in rest.splitlines():
        dash, _, blob = line.rpartition(" ")
        raw = base64.b64decode(blob)
        if dash == f"\u2014 {lines[0]}" and raw[:4] == named and verified(key, f"{body}\n".encode(), raw[4:]):
            return Checkpoint(lines[0], int(lines[1]), base64.b64decode(lines[2]))
    return None


def verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a key has signed a message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True
