"""The hub's own keys. Two are Ed25519: one signs grants (as far as policy lets it), one cosigns audit checkpoints.

The third is the console's: other keys are derived from it, for what the hub seals or signs for itself alone.

Each is a file of 64 hexadecimal digits, readable by its owner alone. An open key stops the hub; so does a missing one,
but for the console's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from safety_core.approve import key_id
from safety_core.edge.key_file import read_key_file, read_or_create_key_file
from safety_core.errors import InputError
from safety_core.model.approval import KeyId
from safety_core.model.policy import KeyKind

APPROVALS: Final = "approvals.key"
AUDIT: Final = "audit.key"
CONSOLE: Final = "console.key"


@dataclass(frozen=True, slots=True)
class HubKeys:
    """All keys, opened."""

    approvals: SigningKey = field(repr=False)
    audit: SigningKey = field(repr=False)
    console: bytes = field(repr=False)

    @property
    def approvals_public(self) -> str:
        """Public half of the approval key, hexadecimal, as it is pinned in policies."""
        return self.approvals.verify_key.encode().hex()

    @property
    def approvals_id(self) -> KeyId:
        """Its name in grants and policies."""
        return key_id(KeyKind.HUB, self.approvals.verify_key)

    def derived(self, purpose: str) -> bytes:
        """Return the 32 bytes of the console's key for one purpose, the same in each process of this hub."""
        return hashlib.blake2b(purpose.encode(), key=self.console, digest_size=32).digest()


def create_keys(folder: Path) -> HubKeys:
    """Draw the keys that are missing in `folder`; those that are there stay."""
    for private in (folder.parent, folder):  # the database lies beside the keys
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
    approvals, audit, console = (read_or_create_key_file(folder / name) for name in (APPROVALS, AUDIT, CONSOLE))
    return HubKeys(SigningKey(approvals), SigningKey(audit), console)


def load_keys(folder: Path) -> HubKeys:
    """Return the keys in `folder`, or raise InputError or SecretError naming what is missing or wrong.

    The console's key alone is drawn where it is missing: a hub from before the console has none, and nobody pins it.
    """
    if not folder.exists():
        fix = "`safety hub init` makes the hub's keys; one that was restored needs its old ones"
        raise InputError(str(folder), "is not there", fix)
    for pinned in (folder / APPROVALS, folder / AUDIT):
        if not pinned.exists():
            fix = "restore it from your backup; `safety hub init` draws another, which policies would have to pin anew"
            raise InputError(str(pinned), "is not there", fix)
    approvals, audit = (read_key_file(folder / name) for name in (APPROVALS, AUDIT))
    return HubKeys(SigningKey(approvals), SigningKey(audit), read_or_create_key_file(folder / CONSOLE))
