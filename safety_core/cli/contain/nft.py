"""The program `nft`: try a ruleset, load it, read it back, and compare it with the one that was wanted."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.cli.contain.rules import COUNTER, TABLE
from safety_core.errors import InputError, UnavailableError
from safety_core.wire.reader import Reader

SECONDS: Final = 30.0
"""How long nft may take; it takes milliseconds."""

_SCRATCH: Final = f"nft -f - && nft -s list table inet {TABLE}"


@dataclass(frozen=True, slots=True)
class Count:
    """How much of one kind has been refused since the rules were loaded."""

    name: str
    packets: int


def check(text: str) -> None:
    """Have nft and the kernel read the rules without loading them. Raises InputError, UnavailableError."""
    _asked(["nft", "-c", "-f", "-"], text, "has an objection to the rules")


def load(text: str) -> None:
    """Replace our table by that of `text`, in one transaction. Raises InputError, UnavailableError."""
    _asked(["nft", "-f", "-"], text, "did not load the rules")


def unload() -> None:
    """Delete our table, where it is. Raises InputError, UnavailableError."""
    _asked(["nft", "-f", "-"], f"table inet {TABLE}\ndelete table inet {TABLE}\n", "did not delete the table")


def in_force() -> str | None:
    """Return our table as the kernel has it, in nft's own spelling and without counts; None where it is not there.

    Raises:
        UnavailableError: nft is missing, or is not allowed to look.
    """
    done = _run(["nft", "-s", "list", "table", "inet", TABLE], "")
    if done.returncode == 0:
        return done.stdout
    if "No such file or directory" in done.stderr:
        return None
    raise _failed("nft", "cannot read the rules", done)


def spelt(text: str) -> str:
    """Return the table of `text` in nft's own spelling: it is loaded in a network namespace that is gone at once.

    Raises:
        UnavailableError: this machine lets nobody make one.
    """
    done = _run(["unshare", "--net", "sh", "-c", _SCRATCH], text)
    if done.returncode:
        raise _failed("rules", "cannot be compared with those in force", done)
    return done.stdout


def counts() -> tuple[Count, ...]:
    """Return how much has been refused, by kind. Raises UnavailableError."""
    done = _run(["nft", "-j", "list", "counters", "table", "inet", TABLE], "")
    if done.returncode:
        raise _failed("nft", "cannot read the counters", done)
    listed = Reader.parse(done.stdout, "nft").objects("nftables")
    found: list[JsonObject] = [entry.mapping("counter") for entry in listed if entry.has("counter")]
    read = [Reader(entry, "nft.counter") for entry in found]
    return tuple(Count(entry.text("name").removeprefix(COUNTER), entry.integer("packets")) for entry in read)


def _asked(command: Sequence[str], text: str, reason: str) -> None:
    done = _run(command, text)
    if done.returncode:
        raise _failed("nft", reason, done)


def _run(command: Sequence[str], text: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("nft") is None:
        raise UnavailableError("nft", "is not installed", "apt-get install nftables")
    try:
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(command[0], f"could not be run ({type(error).__name__})", "run it by hand") from error


def _failed(thing: str, reason: str, done: subprocess.CompletedProcess[str]) -> InputError | UnavailableError:
    said = done.stderr.strip().splitlines()
    told = said[0] if said else f"status {done.returncode}"
    if "Operation not permitted" in done.stderr:
        return InputError(thing, f"{reason}: this user may not", "run it as root: sudo safety contain ...")
    return UnavailableError(thing, f"{reason} ({told})", "does this kernel have nf_tables? Try `nft list ruleset`")
