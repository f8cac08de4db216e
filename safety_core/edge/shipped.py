"""The base policy that comes with the program, and policy folders of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from safety_core.bundle.archive import unpack
from safety_core.bundle.contents import TrustedBundle, named_tenant, read_contents
from safety_core.bundle.sign import SIGNATURES
from safety_core.bundle.source import compile_bundle
from safety_core.errors import PolicyError
from safety_core.model.policy import Pattern

LOCAL_TENANT: Final = "local"
"""The tenant of a machine that belongs to none."""

_PACKAGE: Final = Path(__file__).parent.parent
_ALWAYS: Final = ("manifest.yaml", "matrix.yaml")
"""Files of which a folder of sources has at least one."""

_SUFFIXES: Final = {".yaml", ".rego", ".jsonl"}


def shipped_folder() -> Path:
    """Return where the base policy lies: inside the installed package, or beside it in a checkout."""
    packed = _PACKAGE / "_policies"
    return packed if packed.is_dir() else _PACKAGE.parent / "policies"


def shipped_sources() -> Mapping[str, bytes]:
    """Return the sources of the base policy, by path."""
    return load_folder(shipped_folder())


def load_folder(folder: Path) -> Mapping[str, bytes]:
    """Return the sources in `folder`, by path relative to it. Raises PolicyError if it cannot be read."""
    if not any((folder / name).is_file() for name in _ALWAYS):  # or a whole home folder would be read first
        raise PolicyError(str(folder), "holds no policy", "give a folder with manifest.yaml and matrix.yaml")
    try:
        found = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.suffix in _SUFFIXES and path.is_file()
        }
    except OSError as error:
        raise PolicyError(str(folder), f"cannot be read ({error.strerror})") from error
    return found


def bundle_of(sources: Mapping[str, bytes], *, tenant: str = LOCAL_TENANT) -> TrustedBundle:
    """Return the bundle of sources that this machine's user vouches for, without signatures.

    Raises:
        PolicyError: naming file and line.
    """
    return compile_bundle(sources, tenant=tenant)[1]


def bundle_in(raw: bytes) -> TrustedBundle:
    """Return the bundle in an archive that this machine's user vouches for; its signature is not looked at.

    Raises:
        BundleError: it is no archive of a bundle.
        PolicyError: its contents are wrong.
    """
    files = {name: content for name, content in unpack(raw).items() if name != SIGNATURES}
    return read_contents(files, tenant=named_tenant(files), version=0)


def shipped_patterns() -> tuple[Pattern, ...]:
    """Return the patterns that come with the program: they compile wherever it runs."""
    bare = {"manifest.yaml", "matrix.yaml"}
    sources = {name: raw for name, raw in shipped_sources().items() if name in bare or name.startswith("patterns/")}
    return bundle_of(sources).policy.patterns


def shipped_bundle(*, tenant: str = LOCAL_TENANT) -> TrustedBundle:
    """Return the base policy, ready to judge by."""
    return bundle_of(shipped_sources(), tenant=tenant)
