"""Checkpoints and proofs of the audit log: only what was signed is believed, and only the right proof holds."""

from __future__ import annotations

import hashlib
from typing import Final

from nacl.signing import SigningKey

from fuzz.trial import Target
from safety_core.audit.checkpoint import Checkpoint, cosign, sign, size_of, verified, verify_cosignature
from safety_core.audit.tree import (
    Hash,
    Place,
    completed_by,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)  # fmt: skip
from safety_core.errors import AuditError

_KEY: Final = SigningKey(hashlib.sha256(b"log").digest())
_WITNESS: Final = SigningKey(hashlib.sha256(b"witness").digest())
_SIZE: Final = 13


def start() -> Target:
    """Return the reader; the first byte says of what."""
    hashes = _tree()
    leaves = [leaf_hash(b"%d" % number) for number in range(_SIZE)]
    roots = {size: root_of(size, hashes.__getitem__) for size in range(1, _SIZE + 1)}
    note = _note()

    def read(raw: bytes) -> None:
        if raw[:1] == b"N":
            _check_note(raw[1:], note)
        elif len(raw) > 4:
            _check_proof(raw, hashes, leaves, roots)

    return read


def _tree() -> dict[Place, Hash]:
    hashes: dict[Place, Hash] = {}
    for number in range(_SIZE):
        hashes.update(completed_by(number, leaf_hash(b"%d" % number), hashes.__getitem__))
    return hashes


def _note() -> str:
    root = root_of(_SIZE, _tree().__getitem__)
    return cosign(sign(Checkpoint("safety-gateway/bakery", _SIZE, root), _KEY), "hub.example", _WITNESS, 1_800_000_000)


def _check_note(raw: bytes, note: str) -> None:
    text = raw.decode("utf-8", "replace")
    try:
        size_of(text)
        found = verified(text, _KEY.verify_key)
    except AuditError:
        found = None
    assert found is None or found.body() in note, "a checkpoint is believed that nobody signed"
    at = verify_cosignature(text, "hub.example", _WITNESS.verify_key)
    assert at == 1_800_000_000, "a time is believed that nobody signed"


def _check_proof(raw: bytes, hashes: dict[Place, Hash], leaves: list[Hash], roots: dict[int, Hash]) -> None:
    """Bytes: sizes, then how the right proof is changed: which hash, and with what."""
    old, new = sorted((raw[0] % _SIZE + 1, raw[1] % _SIZE + 1))
    index = raw[2] % new
    for kind in ("inclusion", "consistency"):
        right = (inclusion_proof if kind == "inclusion" else consistency_proof)(
            *((index, new) if kind == "inclusion" else (old, new)), hashes.__getitem__
        )
        proof = _changed(right, raw[3:])
        try:
            if kind == "inclusion":
                verify_inclusion(index, new, leaves[index], proof, roots[new])
            else:
                verify_consistency(old, new, roots[old], roots[new], proof)
        except AuditError:
            assert proof != right, f"the right proof of {kind} is refused"
        else:
            assert proof == right, f"another proof of {kind} holds, too"


def _changed(proof: tuple[Hash, ...], raw: bytes) -> tuple[Hash, ...]:
    changed = [*proof]
    for at in range(0, len(raw) - 1, 2):
        place = raw[at] % (len(changed) + 1)
        if raw[at + 1] % 4 == 0:
            changed.insert(place, Hash(hashlib.sha256(raw[at:]).digest()))
        elif place < len(changed) and raw[at + 1] % 4 == 1:
            del changed[place]
        elif place < len(changed) and raw[at + 1] % 4 == 2:
            changed[place] = Hash(hashlib.sha256(raw[at:]).digest())
    return tuple(changed)
