"""The publisher's keys on disk: a folder that is one user's alone.

root.json                         the first root document, which edges pin; root/N.json are those that followed
root-1.key, targets-1.key, ...    by role; a number is given once and never again
targets-1.key.before-root-2       a key that root 2 has replaced
bundle.pem                        the key of the bundles' own signature

A key counts if the newest root document names it, whatever else lies here. So new keys and old ones may lie side by
side, and one file, root/N.json, makes the change: a kill before it leaves keys that nothing names, one after it leaves
old keys under their old names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tuf.api.metadata import Root

from safety_core.bundle.roles import ROLES, Ed25519Signer
from safety_core.bundle.signed import read_chain
from safety_core.edge.files import read_input, replace_file, sync_folder
from safety_core.edge.key_file import create_key_file, read_key_file
from safety_core.edge.publish import FIRST_ROOT, held
from safety_core.errors import InputError

ROOT: Final = "root.json"
BUNDLE_KEY: Final = "bundle.pem"


def make_keys(folder: Path, numbers: Mapping[str, int], bundle_pem: bytes) -> None:
    """Draw the keys of all roles into a new folder that is this user's alone.

    Raises:
        InputError: there are keys already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(str(folder), "is not empty", "give a new folder: keys are never overwritten")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for role, number in numbers.items():
        draw_keys(folder, role, number)
    replace_file(folder / BUNDLE_KEY, bundle_pem)


def draw_keys(folder: Path, role: str, number: int) -> tuple[Ed25519Signer, ...]:
    """Draw `number` more keys of a role, under names that no key has or ever had, and return them once durable."""
    taken = [re.match(rf"{role}-([0-9]+)\.key", path.name) for path in folder.iterdir()]
    first = max((int(found[1]) for found in taken if found), default=0) + 1
    made = [create_key_file(folder / f"{role}-{index}.key") for index in range(first, first + number)]
    sync_folder(folder)
    return tuple(map(Ed25519Signer, made))


def read_roots(folder: Path) -> dict[str, bytes]:
    """Return the root documents by their names in a repository, the first one first; empty if there is none."""
    found, raw = dict[str, bytes](), held(folder, ROOT)
    while raw is not None:
        found[f"root/{len(found) + 1}.json"] = raw
        raw = held(folder, f"root/{len(found) + 1}.json")
    return found


def newest_root(folder: Path) -> Root:
    """Return the newest root document, verified from the first one on.

    Raises:
        InputError: there is none.
        BundleError: it is not signed by those before it.
    """
    roots = read_roots(folder) or {FIRST_ROOT: read_input(folder / ROOT)}
    return read_chain([*roots.values()])[-1]


def roots_with(there: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """Return the root documents of a repository, and those that follow them in the folder of keys.

    Raises:
        InputError: the two do not go together.
    """
    roots = read_roots(folder)
    for name, raw in roots.items():
        if there.get(name, raw) != raw:
            raise InputError(name, f"of the repository is not that of {folder}", "give the keys that published there")
    return {**roots, **{name: raw for name, raw in there.items() if name.startswith("root/")}}


def read_signers(folder: Path) -> dict[str, tuple[Ed25519Signer, ...]]:
    """Return every role's keys that are in the folder, as many as its owners brought together.

    Those that the newest root does not name are left out: what one of them signs, every edge refuses.
    """
    newest = newest_root(folder) if read_roots(folder) else None
    return {
        role: tuple(signer for _, signer in _keys(folder, role) if newest is None or _named(newest, role, signer))
        for role in ROLES
    }


def set_aside(folder: Path) -> None:
    """Give the keys that the newest root does not name another name. None is deleted."""
    newest = newest_root(folder)
    for role in ROLES:
        for path, signer in _keys(folder, role):
            if not _named(newest, role, signer):
                path.rename(path.with_name(f"{path.name}.before-root-{newest.version}"))
    sync_folder(folder)


def _keys(folder: Path, role: str) -> Iterator[tuple[Path, Ed25519Signer]]:
    for path in sorted(folder.glob(f"{role}-*.key")):
        yield path, Ed25519Signer(read_key_file(path))


def _named(root: Root, role: str, signer: Ed25519Signer) -> bool:
    return signer.public_key.keyid in root.roles[role].keyids
