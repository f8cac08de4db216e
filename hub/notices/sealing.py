"""What keeps channel targets and webhook secrets closed in the database, and the key that browsers know us by.

All is derived from the hub's console key: a copy of the database alone tells no address, and can send nothing in our
name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.keys import HubKeys
from hub.sealing import seal, unseal

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256 (FIPS 186-5): private keys are 1 to one less."""

_PURPOSE: Final = "channel"


@dataclass(frozen=True, slots=True)
class Seal:
    """What the hub's keys do for channels."""

    _keys: HubKeys

    def close(self, text: bytes) -> bytes:
        """Return `text` encrypted and authenticated."""
        return seal(self._keys, _PURPOSE, "", text)

    def open(self, sealed: bytes) -> bytes:
        """Return what `close` was given, or raise BrokenSealError."""
        return unseal(self._keys, _PURPOSE, "", sealed)

    def mark(self, text: bytes) -> str:
        """Return what tells equal texts without telling them: 32 hexadecimal digits."""
        return hmac.new(self._keys.derived("channel mark"), text, hashlib.sha256).hexdigest()[:32]

    @property
    def vapid(self) -> ec.EllipticCurvePrivateKey:
        """The key that signs what goes to push services (VAPID, RFC 8292)."""
        wide = hashlib.blake2b(self._keys.derived("push services"), digest_size=64).digest()
        return ec.derive_private_key(int.from_bytes(wide, "big") % (_ORDER - 1) + 1, ec.SECP256R1())

    @property
    def vapid_public(self) -> str:
        """Its public half as `PushManager.subscribe` takes it: an uncompressed point, base64url."""
        point = self.vapid.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
