"""What a targets document says of one tenant's bundle, and the bundle that belongs to it.

`trust` goes this way at the end of a refresh. `released` is for looking back: a targets document that was in force once
is verified by the roots alone. It says nothing of freshness, so nothing may be put in force by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuf.api.metadata import Targets

from safety_core.bundle.archive import LIMITS, unpack
from safety_core.bundle.contents import TrustedBundle, read_contents
from safety_core.bundle.roles import bundle_path, target_path
from safety_core.bundle.sign import verify_files
from safety_core.bundle.signed import read_chain, read_signed
from safety_core.errors import BundleError, InputError, TamperedError, WrongTenantError
from safety_core.wire.reader import Reader


@dataclass(frozen=True, slots=True)
class NamedTarget:
    """One bundle as a targets document names it.

    Attributes:
        key: PEM of the key by which the bundle's signature is verified.
        sha256, length: of the archive, in bytes.
    """

    revision: str
    key: str
    sha256: str
    length: int

    @property
    def path(self) -> str:
        """Where the bundle lies in the repository."""
        return bundle_path(self.sha256)


@dataclass(frozen=True, slots=True)
class Released:
    """A bundle that was released once. `version` is that of its targets document."""

    version: int
    target: NamedTarget


def named_target(targets: Targets, tenant: str) -> NamedTarget:
    """Return what `targets` say of the tenant's bundle.

    Raises:
        WrongTenantError: they have none for this tenant.
        TamperedError: they are of another form than this client follows.
    """
    target = targets.targets.get(target_path(tenant))
    if target is None:
        raise WrongTenantError("targets", f"have no bundle for {tenant}")
    if set(target.hashes) != {"sha256"} or targets.delegations is not None:
        raise TamperedError("targets", "are of another form than this client follows")
    try:
        custom = Reader(target.custom, "target")
        named, revision, key = custom.text("tenant"), custom.text("revision"), custom.text("signing_key")
    except InputError as error:
        raise TamperedError("targets", f"are incomplete ({error.thing} {error.reason})") from error
    if named != tenant:
        raise WrongTenantError("target", f"says that it is not for {tenant}")
    return NamedTarget(revision, key, target.hashes["sha256"], target.length)


def check_archive(target: NamedTarget, raw: bytes) -> None:
    """Raise TamperedError unless `raw` is exactly the archive that the target names."""
    if len(raw) != target.length or hashlib.sha256(raw).hexdigest() != target.sha256:
        raise TamperedError("bundle", "is not the one that the targets name")


def read_files(target: NamedTarget, raw: bytes, *, tenant: str) -> Mapping[str, bytes]:
    """Return the files of an archive without their signature, verified by the key that the target names.

    Raises:
        BundleError: named after the attack.
    """
    return verify_files(unpack(raw, LIMITS), target.key, scope=tenant)


def read_archive(target: NamedTarget, raw: bytes, *, tenant: str, version: int) -> TrustedBundle:
    """Return what an archive says, unpacked within limits and verified by the key that the target names.

    Raises:
        BundleError: named after the attack.
        PolicyError: it is genuine, and its contents are wrong.
    """
    return read_contents(read_files(target, raw, tenant=tenant), tenant=tenant, version=version)


def released(roots: Sequence[bytes], raw: bytes, tenant: str) -> Released:
    """Return what a targets document of any age named, signed under any root of the chain.

    Args:
        roots: from the first one on, in order.

    Raises:
        BundleError: it is signed under none of them, or for another tenant.
    """
    failed: BundleError | None = None
    for root in reversed(read_chain(roots)):
        try:
            targets = read_signed(Targets, raw, root)
        except BundleError as error:
            failed = failed or error
            continue
        return Released(targets.version, named_target(targets, tenant))
    raise failed or TamperedError("root", "is missing")
