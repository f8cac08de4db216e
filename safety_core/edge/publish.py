"""Puts signed policy where edges find it: into a repository folder, or to the hub.

What refers to something is written after it, the timestamp last: whoever reads in between finds a whole
repository, the old or the new.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx2

from safety_core.bundle.archive import tar_of
from safety_core.bundle.roles import in_order
from safety_core.edge.files import replace_file
from safety_core.edge.hub import check_answer, check_url
from safety_core.errors import InputError, PolicyError, UnavailableError
from safety_core.wire.reader import Reader

UPLOAD_SECONDS: Final = 60.0
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
    for name in in_order(files):
        replace_file(folder / name, files[name])


async def upload(url: str, tenant: str, token: str, files: Mapping[str, bytes]) -> None:
    """Send files to the hub, which puts them in place as one.

    Raises:
        InputError: `url` is none that may be trusted with a token.
        RefusedError: the hub does not take them.
        UnavailableError: it does not answer.
    """
    target = f"{check_url(url)}/v1/tenants/{tenant}/repository"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-tar"}
    try:
        async with httpx2.AsyncClient(timeout=UPLOAD_SECONDS, trust_env=False) as client:
            answer = await client.put(target, content=tar_of(files), headers=headers)
    except (httpx2.HTTPError, OSError) as error:
        raise UnavailableError(
            "hub", f"did not answer ({type(error).__name__})", "check --hub and the network"
        ) from error
    raw = check_answer(answer.status_code, answer.content)
    try:
        Reader.parse(raw, "hub's answer").integer("files")
    except InputError as error:  # some other server, which answers whatever it is asked
        raise UnavailableError("hub", "sent an answer that is no hub's", "check --hub") from error
