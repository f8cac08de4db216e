"""The hub's own two Ed25519 keys: one signs grants (as far as policy lets it), one cosigns audit checkpoints.

Each is a file of 64 hexadecimal digits, readable by its owner alone. A missing or open key stops the hub.
"""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class HubKeys:
    """Both keys, opened."""

    approvals: SigningKey = field(repr=False)
    audit: SigningKey = field(repr=False)

    @property
    def approvals_public(self) -> str:
        """Public half of the approval key, hexadecimal, as it is pinned in policies."""
        return self.approvals.verify_key.encode().hex()

    @property
    def approvals_id(self) -> KeyId:
        """Its name in grants and policies."""
        return key_id(KeyKind.HUB, self.approvals.verify_key)


def create_keys(folder: Path) -> HubKeys:
    """Draw the keys that are missing in `folder`; those that are there stay."""
    for private in (folder.parent, folder):  # the database lies beside the keys
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = [SigningKey(read_or_create_key_file(folder / name)) for name in (APPROVALS, AUDIT)]
    return HubKeys(*found)


def load_keys(folder: Path) -> HubKeys:
    """Return the keys in `folder`, or raise InputError or SecretError naming what is missing or wrong."""
    if not folder.is_dir():
        raise InputError(str(folder), "is not there", "make the hub's keys: `safety hub init`")
    return HubKeys(*(SigningKey(read_key_file(folder / name)) for name in (APPROVALS, AUDIT)))
