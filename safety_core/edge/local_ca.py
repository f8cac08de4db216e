"""The local certificate authority, by which the forward proxy opens TLS of listed hosts: its key, and leaves for one
host.

Whoever trusts its certificate trusts whoever holds its key. So the key lies in the edge's folder, for its user alone,
and the certificate says for which names it counts (name constraints, RFC 5280, 4.2.1.10): stolen, it opens no other
host. P-256, since it is what every TLS client verifies, in a certificate for one year; leaves hold for days and are
never written to a disk.
"""

from __future__ import annotations

import fcntl
import os
import ssl
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from safety_core.edge.files import replace_file
from safety_core.edge.home import Home
from safety_core.errors import InputError, SecretError, UnavailableError

CA_LIFE: Final = timedelta(days=365)
LEAF_LIFE: Final = timedelta(days=7)
EARLIER: Final = timedelta(hours=1)
"""A leaf begins so long ago: the clocks of containers and virtual machines are late."""

PEM_BYTES: Final = 64 * 1024
_NO_ADDRESS: Final = tuple(x509.IPAddress(ip_network(every)) for every in ("0.0.0.0/0", "::/0"))
_MAKE: Final = "safety contain ca --host NAME"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate for one host with its chain and key. `renew`: when to make a new one, seconds since the epoch."""

    pem: bytes
    renew: float


class LocalCa:
    """A CA with its key."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())

    @property
    def serial(self) -> int:
        """The certificate's number, another one for each CA."""
        return self.certificate.serial_number

    @property
    def pem(self) -> bytes:
        """The certificate, to be trusted by whom it serves."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        """sha256 of the certificate, hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def hosts(self) -> tuple[str, ...] | None:
        """The names for which it counts, each with all that lies below it; None for every one."""
        try:
            found = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        except x509.ExtensionNotFound:
            return None
        return tuple(name.value for name in found.permitted_subtrees or () if isinstance(name, x509.DNSName)) or None

    def counts_for(self, host: str) -> bool:
        """Tell whether a certificate for `host` can be made."""
        known = self.hosts
        return known is None or any(f".{host}".endswith(f".{one}") for one in known)

    def leaf(self, host: str, now: float) -> Leaf:
        """Return a certificate for `host`.

        Raises:
            InputError: this CA is not made for it, or has expired.
        """
        at = datetime.fromtimestamp(int(now), UTC)
        if not self.counts_for(host):
            fix = f"make it anew, and have it trusted: safety contain ca --renew --host {host} ..."
            raise InputError("the local CA", f"is not made for {host}", fix)
        if at >= self.certificate.not_valid_after_utc:
            raise InputError("the local CA", "has expired", f"{_MAKE} --renew")
        until = min(at + LEAF_LIFE, self.certificate.not_valid_after_utc)
        made = self._leaf(host, max(at - EARLIER, self.certificate.not_valid_before_utc), until)
        pem = made.public_bytes(serialization.Encoding.PEM) + self.pem + _private(self._leaf_key)
        return Leaf(pem, now + (until - at).total_seconds() / 2)

    def _leaf(self, host: str, begins: datetime, until: datetime) -> x509.Certificate:
        public, authority = self._leaf_key.public_key(), self._key.public_key()
        usage = _usage(digital_signature=True)
        builder = _builder(_named("Safety Gateway"), self.certificate.subject, begins, until).public_key(public)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(usage, critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority)
        return builder.add_extension(issuer, critical=False).sign(self._key, hashes.SHA256())


def ca_files(home: Home) -> tuple[Path, Path]:
    """Return where the certificate and its key lie."""
    return home.keys / "ca.pem", home.keys / "ca.key"


def open_ca(home: Home) -> LocalCa:
    """Return the CA of an edge.

    Raises:
        SecretError: there is none, it cannot be read, others may read its key, or the two do not belong together.
    """
    certificate, key = ca_files(home)
    try:
        held = serialization.load_pem_private_key(_read(key, private=True), None)
        found = x509.load_pem_x509_certificate(_read(certificate, private=False))
    except ValueError as error:
        raise SecretError(
            f"local CA {certificate}", "does not hold a certificate and its key", f"{_MAKE} --renew"
        ) from error
    if not isinstance(held, ec.EllipticCurvePrivateKey) or held.public_key() != found.public_key():
        raise SecretError(f"local CA {certificate}", "does not belong to its key", f"{_MAKE} --renew")
    return LocalCa(found, held)


def make_ca(home: Home, hosts: Sequence[str] | None, now: float) -> LocalCa:
    """Draw a key, write it and a certificate for `hosts` (None: for every name), and return the CA.

    What was there is replaced; whoever trusted it trusts nothing by that any more. Raises UnavailableError.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    at = datetime.fromtimestamp(int(now), UTC)
    name = _named(f"Safety Gateway local CA {at:%Y-%m-%d}")
    builder = _builder(name, name, at - EARLIER, at + CA_LIFE).public_key(key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    if hosts is not None:
        permitted = [x509.DNSName(host.removeprefix(".")) for host in hosts]
        builder = builder.add_extension(x509.NameConstraints(permitted, _NO_ADDRESS), critical=True)
    made = LocalCa(builder.sign(key, hashes.SHA256()), key)
    certificate, private = ca_files(home)
    with _alone(private.parent):
        replace_file(private, _private(key))
        replace_file(certificate, made.pem)
    return made


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Hold `folder` until the block ends: of two that write a pair of files, the last one writes both."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UnavailableError(f"folder {folder}", f"cannot be opened ({error.strerror})", "look at it") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def load_chain(context: ssl.SSLContext, pem: bytes) -> None:
    """Load a chain with its key from memory: OpenSSL reads files only, so it gets one that no disk holds."""
    handle = os.memfd_create("leaf", os.MFD_CLOEXEC)
    try:
        os.write(handle, pem)
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def _builder(subject: x509.Name, issuer: x509.Name, begins: datetime, until: datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(until)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())


def _read(path: Path, *, private: bool) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read(PEM_BYTES)
    except OSError as error:
        raise SecretError(f"local CA {path}", f"cannot be read ({error.strerror})", _MAKE) from error
    if private and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretError(f"local CA {path}", f"is open to others (mode {mode & 0o777:o})", f"chmod 600 {path}")
    return raw
