"""What the hub keeps for itself alone: sealed under its console key, for one purpose and one owner."""

from __future__ import annotations

import os
from typing import Final

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
)
from nacl.exceptions import CryptoError

from hub.keys import HubKeys
from safety_core.errors import BrokenSealError

NONCE: Final = int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)


def seal(keys: HubKeys, purpose: str, owner: str, raw: bytes) -> bytes:
    """Return `raw` sealed: it opens for this purpose and owner only (XChaCha20-Poly1305 with associated data)."""
    nonce = os.urandom(NONCE)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(raw, owner.encode(), nonce, keys.derived(purpose))


def unseal(keys: HubKeys, purpose: str, owner: str, sealed: bytes) -> bytes:
    """Return what was sealed, or raise BrokenSealError."""
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[NONCE:], owner.encode(), sealed[:NONCE], keys.derived(purpose)
        )
    except (CryptoError, ValueError, TypeError) as error:
        raise BrokenSealError(purpose, "does not open with this hub's console key", "set it up anew") from error
