"""C2SP tlog-checkpoint, signed-note and tlog-cosignature: a log's size and root as a text that anybody can verify.

    safety-gateway/acme            origin: which log
    4711                           entries
    47DEQpj8HBSa+/TImW+5JCeu...    root, base64

    — safety-gateway/acme MZ1...   signature: key id (4 bytes) and Ed25519 signature, base64

A witness (the hub) adds its own line over the same text and the time at which it saw it, after it has verified that the
log only grew. https://c2sp.org/tlog-checkpoint https://c2sp.org/signed-note https://c2sp.org/tlog-cosignature
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from safety_core.audit.tree import Hash
from safety_core.errors import AuditError

ED25519: Final = b"\x01"
COSIGNATURE: Final = b"\x04"
NAME: Final = re.compile(r"[^\s+]{1,255}")
NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}")
SIGNATURE_LIMIT: Final = 16
"""Signature lines that are looked at; a note with more is refused."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log holds: `size` entries under `root`. `origin` is the log's name, and the name of its key."""

    origin: str
    size: int
    root: Hash

    def body(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """Return the checkpoint as a note, signed by the log itself.

    Raises:
        AuditError: the origin cannot be the name of a key (empty, or with spaces or "+").
    """
    if not NAME.fullmatch(checkpoint.origin):
        raise AuditError("checkpoint", "its origin must be a name without spaces or plus signs")
    body = checkpoint.body()
    return f"{body}\n{_line(checkpoint.origin, key.verify_key, ED25519, key.sign(body.encode()).signature)}"


def verified(note: str, public: VerifyKey) -> Checkpoint:
    """Return the checkpoint in `note`, which `public` must have signed under the origin's name.

    Raises:
        AuditError: it is not a checkpoint, or not signed by this key.
    """
    checkpoint = _parsed(note)
    for blob in _blobs(note, checkpoint.origin, public, ED25519):
        if _valid(public, checkpoint.body(), blob):
            return checkpoint
    raise AuditError(f"checkpoint of {checkpoint.origin}", "is not signed by this log's key")


def size_of(note: str) -> int:
    """Return how many entries the checkpoint in `note` covers; who signed it is not looked at. Raises AuditError."""
    return _parsed(note).size


def cosign(note: str, name: str, key: SigningKey, now: int) -> str:
    """Return `note` with the witness's line: "at `now` (seconds) I had seen nothing that contradicts this".

    The caller has verified the note, and that the log is consistent with what it saw before.
    """
    signature = key.sign(_witnessed(_parsed(note), now).encode()).signature
    return note + _line(name, key.verify_key, COSIGNATURE, now.to_bytes(8, "big") + signature)


def verify_cosignature(note: str, name: str, public: VerifyKey) -> int:
    """Return when the witness `name` saw this checkpoint, in seconds. Raises AuditError if it did not sign it."""
    checkpoint = _parsed(note)
    for blob in _blobs(note, name, public, COSIGNATURE):
        now = int.from_bytes(blob[:8], "big")
        if _valid(public, _witnessed(checkpoint, now), blob[8:]):
            return now
    raise AuditError(f"checkpoint of {checkpoint.origin}", f"is not cosigned by {name}")


def key_id(name: str, public: VerifyKey, algorithm: bytes) -> bytes:
    """Return the 4 bytes by which a signature names its key, as all tools of the C2SP family do."""
    return hashlib.sha256(name.encode() + b"\n" + algorithm + bytes(public)).digest()[:4]


def _parsed(note: str) -> Checkpoint:
    body, _, _ = note.partition("\n\n")
    lines = body.split("\n")
    if len(lines) != 3 or not NAME.fullmatch(lines[0]) or not NUMBER.fullmatch(lines[1]):
        raise AuditError("checkpoint", "is not an origin, a size and a root, each on its line")
    root = _decoded(lines[2])
    if len(root) != 32:
        raise AuditError("checkpoint", "its root is not a sha256 in base64")
    return Checkpoint(lines[0], int(lines[1]), Hash(root))


def _blobs(note: str, name: str, public: VerifyKey, algorithm: bytes) -> Iterator[bytes]:
    """Yield what the lines of this key hold behind the key id."""
    lines = note.partition("\n\n")[2].split("\n")
    if lines.pop() or len(lines) > SIGNATURE_LIMIT:
        raise AuditError("checkpoint", f"must end in 1 to {SIGNATURE_LIMIT} whole signature lines")
    for line in lines:
        prefix, _, text = line.rpartition(" ")
        blob = _decoded(text)
        if prefix == f"— {name}" and blob[:4] == key_id(name, public, algorithm):
            yield blob[4:]


def _line(name: str, public: VerifyKey, algorithm: bytes, blob: bytes) -> str:
    return f"— {name} {base64.b64encode(key_id(name, public, algorithm) + blob).decode()}\n"


def _witnessed(checkpoint: Checkpoint, now: int) -> str:
    return f"cosignature/v1\ntime {now}\n{checkpoint.body()}"


def _valid(public: VerifyKey, text: str, signature: bytes) -> bool:
    if len(signature) != 64:
        return False
    try:
        public.verify(text.encode(), signature)
    except BadSignatureError:
        return False
    return True


def _decoded(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise AuditError("checkpoint", "holds a field that is not base64") from error
    if base64.b64encode(value).decode() != text:
        raise AuditError("checkpoint", "holds a field in other than its one base64 form")
    return value
