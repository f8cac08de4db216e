"""What keeps channel targets and webhook secrets closed in the database, and the key that browsers know us by.

One file of 32 secret bytes beside the hub's other keys; everything is derived from it by BLAKE2b with a name. A copy of
the database alone tells no address, and can send nothing in our name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from safety_core.edge.key_file import read_key_file, read_or_create_key_file
from safety_core.errors import SecretError

NAME: Final = "notices.key"

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256 (FIPS 186-5): private keys are 1 to one less."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The keys, derived."""

    _secret: bytes = field(repr=False)

    def close(self, text: bytes) -> bytes:
        """Return `text` encrypted and authenticated."""
        return bytes(SecretBox(self._derived(b"seal")).encrypt(text))

    def open(self, sealed: bytes) -> bytes:
        """Return what `close` was given, or raise SecretError."""
        try:
            return bytes(SecretBox(self._derived(b"seal")).decrypt(sealed))
        except (CryptoError, ValueError) as error:
            fix = f"restore {NAME} beside the database that it belongs to"
            raise SecretError("channel", "was sealed with another key", fix) from error

    def mark(self, text: bytes) -> str:
        """Return what tells equal texts without telling them: 32 hexadecimal digits."""
        return hmac.new(self._derived(b"mark"), text, hashlib.sha256).hexdigest()[:32]

    @property
    def vapid(self) -> ec.EllipticCurvePrivateKey:
        """The key that signs what goes to push services (VAPID, RFC 8292)."""
        wide = hashlib.blake2b(self._secret, digest_size=64, person=b"vapid").digest()
        return ec.derive_private_key(int.from_bytes(wide, "big") % (_ORDER - 1) + 1, ec.SECP256R1())

    @property
    def vapid_public(self) -> str:
        """Its public half as `PushManager.subscribe` takes it: an uncompressed point, base64url."""
        point = self.vapid.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def _derived(self, name: bytes) -> bytes:
        return hashlib.blake2b(self._secret, digest_size=32, person=name).digest()


def seal_in(data: Path) -> Seal:
    """Return the keys of the hub whose data folder this is, drawn the first time. Raises SecretError."""
    path = data / "keys" / NAME
    try:
        return Seal(read_or_create_key_file(path))
    except SecretError:  # another process may have drawn it just now
        return Seal(read_key_file(path))
