"""A passkey in memory: what browser and authenticator make of an offer (WebAuthn level 3), and what a liar would."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cbor2 import dumps
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

UP, UV, ATTESTED = 0x01, 0x04, 0x40


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey. `origin` is where the browser says that it is; `counts` whether it counts its signatures."""

    origin: str
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    flags: int = UP | UV
    counts: bool = False
    count: int = 0
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: bytes = b""
    framed: bool = False

    def create(self, offer: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.create`."""
        self.handle = raw_of(offer["user"]["id"])
        head = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential
        data = self._data(self.flags | ATTESTED) + head + dumps(self._cose())
        attestation = dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": b64(self._client("webauthn.create", offer["challenge"])),
            "attestationObject": b64(attestation),
        }
        return self._credential(response)

    def get(self, offer: Any, **changed: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.get`. `changed`: fields of the response that are said otherwise."""
        client, data = self._client("webauthn.get", offer["challenge"]), self._data(self.flags)
        signature = self._sign(data + hashlib.sha256(client).digest())
        response = {
            "clientDataJSON": b64(client),
            "authenticatorData": b64(data),
            "signature": b64(signature),
            "userHandle": b64(self.handle),
        }
        return self._credential({**response, **changed})

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = b64(self.credential)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.framed}
        return json.dumps(said).encode()

    def _data(self, flags: int) -> bytes:
        self.count += self.counts
        host = (urlsplit(self.origin).hostname or "").encode()
        return hashlib.sha256(host).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _sign(self, message: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(message, ec.ECDSA(SHA256()))
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), SHA256())
        return bytes(self.key.sign(message))

    def _cose(self) -> dict[int, Any]:
        public = self.key.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            point = public.public_numbers()
            return {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        if isinstance(public, ed25519.Ed25519PublicKey):
            return {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}
        numbers = public.public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        return {1: 3, 3: -257, -1: numbers.n.to_bytes(size, "big"), -2: numbers.e.to_bytes(3, "big")}
