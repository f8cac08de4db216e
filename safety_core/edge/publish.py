"""Puts signed policy where edges find it: into a repository folder, or to the hub. And the publisher's keys on disk.

What refers to something is written after it, the timestamp last: whoever reads in between finds a whole
repository, the old or the new.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx2

from safety_core.bundle.roles import ROLES, Ed25519Signer
from safety_core.edge.files import replace_file
from safety_core.edge.key_file import create_key_file, read_key_file
from safety_core.errors import InputError, PolicyError, RefusedError, UnavailableError
from safety_core.wire.reader import Reader, parse_json

ORDER: Final = ("bundles", "root", "targets", "snapshot", "timestamp.json")
UPLOAD_SECONDS: Final = 60.0
BUNDLE_KEY: Final = "bundle.pem"
FIRST_ROOT: Final = "root/1.json"


def read_repository(folder: Path) -> Mapping[str, bytes]:
    """Return the documents of a repository folder (without its bundles); empty if there is none."""
    try:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.json"))}
    except OSError as error:
        raise PolicyError(str(folder), f"cannot be read ({error.strerror})") from error


def held(folder: Path, path: str) -> bytes | None:
    """Return one file of a repository folder, or None if it is not there."""
    return (folder / path).read_bytes() if (folder / path).is_file() else None


def tenant_of(files: Mapping[str, bytes]) -> str:
    """Return whom a repository is for, as its newest targets say (which are verified afterwards)."""
    numbers = [int(name[8:-5]) for name in files if re.fullmatch(r"targets/[0-9]+\.json", name)]
    if not numbers:
        raise InputError("repository", "holds no policy yet", "publish a bundle first")
    name = f"targets/{max(numbers)}.json"
    targets = Reader.parse(files[name], name).object("signed").object("targets").whole()
    return next(iter(targets), "").partition("/")[0]


def write_repository(folder: Path, files: Mapping[str, bytes]) -> None:
    """Add files to a repository folder. Raises UnavailableError; what was there before is then still whole."""
    for name in sorted(files, key=_rank):
        replace_file(folder / name, files[name])


async def upload(url: str, tenant: str, token: str, files: Mapping[str, bytes]) -> None:
    """Send files to the hub, which puts them in place as one.

    Raises:
        RefusedError: the hub does not take them.
        UnavailableError: it does not answer.
    """
    target = f"{url.rstrip('/')}/v1/tenants/{tenant}/repository"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-tar"}
    try:
        async with httpx2.AsyncClient(timeout=UPLOAD_SECONDS, trust_env=False) as client:
            answer = await client.put(target, content=_tar(files), headers=headers)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise UnavailableError(f"hub {url}", f"does not answer ({type(error).__name__})") from error
    if answer.status_code >= 500:
        raise UnavailableError(f"hub {url}", f"answered {answer.status_code}")
    if answer.status_code != 200:
        raise RefusedError(
            f"hub {url}", f"refused the publication ({_reason(answer.content)})", "see the publisher's token"
        )


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
        for index in range(1, number + 1):
            create_key_file(folder / f"{role}-{index}.key")
    replace_file(folder / BUNDLE_KEY, bundle_pem)


def read_signers(folder: Path) -> dict[str, tuple[Ed25519Signer, ...]]:
    """Return every role's keys that are in the folder: as many as its owners brought together."""
    return {
        role: tuple(Ed25519Signer(read_key_file(path)) for path in sorted(folder.glob(f"{role}-*.key")))
        for role in ROLES
    }


def read_input(path: Path) -> bytes:
    """Return a file that the user named, or raise InputError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})") from error


def _rank(name: str) -> tuple[int, str]:
    return (ORDER.index(name.partition("/")[0]), name)


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files, key=_rank):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            archive.addfile(member, io.BytesIO(files[name]))
    return buffer.getvalue()


def _reason(raw: bytes) -> str:
    try:
        return Reader(parse_json(raw, "answer"), "answer").object("error").text("reason")[:200]
    except InputError:
        return "no reason given"
