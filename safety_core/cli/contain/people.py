"""Users by name or number, with the numbers that they may become.

A user with an entry in /etc/subuid can open sockets as any of those numbers, in a user namespace that shares the
machine's network (newuidmap is setuid root). Whoever holds a user holds these, too. Source: subuid(5), newuidmap(1).
"""

from __future__ import annotations

import pwd
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.errors import InputError

SUBUID: Final = Path("/etc/subuid")


@dataclass(frozen=True, slots=True)
class Person:
    """One user of this machine. `further`: (first, count) of the uids that they may become."""

    name: str
    uid: int
    further: tuple[tuple[int, int], ...] = ()

    def ranges(self) -> Iterator[str]:
        """Yield every uid, as nft writes them: "1001", "100000-165535"."""
        yield str(self.uid)
        for first, count in self.further:
            yield f"{first}-{first + count - 1}"


def person(named: str, subuid: Path = SUBUID) -> Person:
    """Return the user of this name or number.

    Raises:
        InputError: there is none of this name. (A number needs no name: containers run as such.)
    """
    try:
        entry = pwd.getpwuid(int(named)) if named.isascii() and named.isdigit() else pwd.getpwnam(named)
        name, uid = entry.pw_name, entry.pw_uid
    except (KeyError, OverflowError):
        if not (named.isascii() and named.isdigit() and len(named) <= 10):
            fix = "give the name or number of a user of this machine"
            raise InputError(f"user {named}", "is not there", fix) from None
        name, uid = named, int(named)
    return Person(name, uid, tuple(_further(name, uid, subuid)))


def known(name: str) -> Person | None:
    """Return a user that may or may not be there."""
    try:
        return Person(name, pwd.getpwnam(name).pw_uid)
    except KeyError:
        return None


def _further(name: str, uid: int, subuid: Path) -> Iterator[tuple[int, int]]:
    try:
        lines = subuid.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        owner, _, rest = line.partition(":")
        first, _, count = rest.partition(":")
        if owner in {name, str(uid)}:
            with suppress(ValueError):
                if int(count) > 0:
                    yield int(first), int(count)
