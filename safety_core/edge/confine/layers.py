"""What this machine offers to confine a child: found by trying, once. What was found must hold for every child."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import safety_core
from safety_core.canonical import Json, JsonObject
from safety_core.edge.confine.group import find_parents
from safety_core.edge.confine.held import held
from safety_core.errors import UnavailableError

LAUNCHER: Final = (
    sys.executable, "-I", "-S", "-c",
    "import sys; sys.path.append(sys.argv[1])\n"
    "from safety_core.edge.confine.launch import main; main(int(sys.argv[2]))",
    str(Path(safety_core.__file__).parent.parent),
)  # fmt: skip
"""Without site-packages and the environment's wishes: a third of the time, and nobody else's code."""

TRIAL_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Layers:
    """What there is.

    Attributes:
        landlock: its version, 0 for none.
        rooms: who makes namespaces: "root", "user" (in a user namespace), or "none" where there are none.
        sealed: in them, file systems can be made read-only.
        memory: a control group bounds memory.
        pids: a control group bounds the number of processes.
    """

    landlock: int = 0
    rooms: str = "none"
    sealed: bool = False
    memory: bool = False
    pids: bool = False

    @property
    def hide(self) -> bool:
        """Something hides the edge's files from commands."""
        return self.landlock > 0 or self.rooms != "none"

    def lacking(self) -> tuple[str, ...]:
        """Return what does not hold here, in words; empty: everything does."""
        without = {
            "namespaces: commands see the machine's processes and sockets, and one that starts a session of its own "
            "outlives its call unless a control group ends it": self.rooms == "none",
            "Landlock: commands write wherever the edge's user may": self.landlock == 0 and not self.sealed,
            "read-only file systems: commands change modes, owners and times wherever the edge's user may": (
                self.landlock > 0 and not self.sealed
            ),
            "Landlock: what serves a connected service reads what the edge's user may": self.landlock == 0,
            "anything that hides the edge's files from commands": not self.hide,
            "Landlock 6: commands reach abstract sockets": self.landlock < 6,
            "a control group for memory: each process is bounded by itself": not self.memory,
            "a control group for processes": not self.pids and self.rooms != "user",
        }
        return tuple(words for words, lacks in without.items() if lacks)

    def __str__(self) -> str:
        """Return what holds, in words."""
        held = {
            "no new privileges, limits": sys.platform == "linux",
            f"Landlock {self.landlock}": self.landlock > 0,
            "namespaces": self.rooms != "none",
            "read-only file systems": self.sealed,
            "control groups": self.memory or self.pids,
        }
        return ", ".join(words for words, holds in held.items() if holds) or "nothing"


def commands_json(*, confine: bool) -> JsonObject:
    """Return for people what confines commands here, and what does not."""
    if not confine:
        return {"confine": "off", "held": "", "lacking": []}
    here = layers()
    lacking: list[Json] = [*here.lacking()]
    return {"confine": "enforce", "held": str(here), "lacking": lacking}


@cache
def layers() -> Layers:
    """Try, and return what there is. Takes some 20 ms, the first time only.

    Raises:
        UnavailableError: it could not be tried, which is not to say that there is nothing.
    """
    if sys.platform != "linux":
        return Layers()
    version, rooms, sealed = _tried()
    parents = find_parents()
    return Layers(version, rooms, sealed, parents.memory is not None, parents.pids is not None)


def _tried() -> tuple[int, str, bool]:
    reading, writing = os.pipe()
    source = instructions({"probe": True, "report": writing})
    try:
        subprocess.run(
            [*LAUNCHER, str(source)], pass_fds=(source, writing), env={}, check=False, timeout=TRIAL_SECONDS,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _untried(type(error).__name__) from error
    finally:
        os.close(writing)
        os.close(source)
        with os.fdopen(reading, "rb") as report:
            told = report.read().decode()
    words = told.split(" ")
    if len(words) != 3:
        raise _untried(told or "no answer")
    return int(words[0]), words[1], words[2] == "sealed"


def _untried(why: str) -> UnavailableError:
    fix = "try again when the machine has less to do"
    return UnavailableError("what confines commands here", f"could not be tried ({why})", fix)


def instructions(todo: dict[str, Any]) -> int:
    """Return a descriptor from which the launcher reads `todo`, which may hold values of secrets."""
    return held(marshal.dumps(todo))
