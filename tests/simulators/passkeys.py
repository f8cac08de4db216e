"""An authenticator in memory: signs what a browser would have it sign, and whatever a liar would."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from safety_core.approve import Answer, challenge, grant_bytes, key_id, unsigned
from safety_core.model.approval import ApprovalRequest, Assertion, Grant
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind

SITE = "https://hub.example"

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@cache
def rsa_key(size: int = 2048) -> rsa.RSAPrivateKey:
    """One for the whole run: drawing one takes a while."""
    return rsa.generate_private_key(65537, size)


def private(algorithm: str) -> Private:
    match algorithm:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return rsa_key()


@dataclass(frozen=True)
class Authenticator:
    """One passkey. `site`: where its browser is."""

    key: Private
    site: str = SITE
    name: str = "Olga"

    @classmethod
    def fresh(cls, algorithm: str = "ES256", **given: Any) -> Authenticator:
        return cls(private(algorithm), **given)

    @property
    def spki(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def pinned(self) -> ApproverKey:
        public = base64.b64encode(self.spki).decode()
        own, names = key_id(KeyKind.PASSKEY, self.spki), frozenset({self.name})
        return ApproverKey(own, KeyKind.PASSKEY, public, Level.CRITICAL_RED, site=self.site, names=names)

    @property
    def entry(self) -> dict[str, Any]:
        """As approvers.yaml pins it."""
        key = self.pinned
        pinned = {"id": key.id, "kind": "passkey", "public": key.public, "up_to": key.up_to.word}
        return {**pinned, "site": key.site, "names": [self.name]}

    def client_data(self, challenged: bytes, **given: Any) -> bytes:
        asked = base64.urlsafe_b64encode(challenged).rstrip(b"=").decode()
        told = {"type": "webauthn.get", "challenge": asked, "origin": self.site, "crossOrigin": False, **given}
        return json.dumps({name: value for name, value in told.items() if value is not None}).encode()

    def authenticator_data(self, flags: int = 0x05, host: str | None = None, extra: bytes = b"") -> bytes:
        site = host if host is not None else urlsplit(self.site).hostname or ""
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + (7).to_bytes(4, "big") + extra

    def sign(self, authenticator_data: bytes, client_data: bytes) -> Assertion:
        signed = authenticator_data + hashlib.sha256(client_data).digest()
        match self.key:
            case ec.EllipticCurvePrivateKey():
                signature = self.key.sign(signed, ec.ECDSA(SHA256()))
            case rsa.RSAPrivateKey():
                signature = self.key.sign(signed, padding.PKCS1v15(), SHA256())
            case _:
                signature = self.key.sign(signed)
        return Assertion(authenticator_data, client_data, signature)

    def assertion(self, message: bytes) -> Assertion:
        challenged = hashlib.sha256(message).digest()
        return self.sign(self.authenticator_data(), self.client_data(challenged))

    def finished(self, draft: Grant) -> Grant:
        """Sign the draft of a grant."""
        assert challenge(draft) == hashlib.sha256(grant_bytes(draft)).digest()
        return replace(draft, assertion=self.assertion(grant_bytes(draft)))

    def grant(self, asked: ApprovalRequest, *, allow: bool = True, now: float | None = None, **changes: Any) -> Grant:
        said = Answer(allow, self.name, "console", hashlib.sha256(asked.id.encode()).hexdigest()[:32])
        draft = unsigned(asked, self.pinned.id, said, asked.created + 1 if now is None else now)
        return self.finished(replace(draft, **changes))
