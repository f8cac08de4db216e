"""Providers' keys where the agent can read them: in the environment of its processes, and in OpenClaw's configuration.

Only names are told. A value that is 64 hexadecimal digits is an edge's token, which is what should stand there.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from safety_core.cli.doctor.aim import Aim
from safety_core.cli.doctor.trial import Seen, Trial
from safety_core.cli.openclaw.config import NAME, parse
from safety_core.cli.openclaw.keys import VARIABLES, held_keys
from safety_core.errors import SafetyError

_MORE: Final = re.compile(r"AWS_SECRET_ACCESS_KEY|AWS_BEARER_TOKEN_BEDROCK|AZURE_OPENAI_API_KEY|(CO|COHERE)_API_KEY")

_TOKEN: Final = re.compile(rb"[0-9a-f]{64}")

_LIMIT: Final = 1024 * 1024


def in_environ(aim: Aim) -> Trial:
    """Look for providers' keys in the environment of every process of this user but our own and its children."""
    looked, named = 0, set[str]()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):
            if folder.stat().st_uid != os.getuid() or os.getpid() in {int(folder.name), _parent(folder)}:
                continue
            with (folder / "environ").open("rb") as file:
                named |= _keys(file.read(_LIMIT))
            looked += 1
    if named:
        return Trial(Seen.ANSWERED, ", ".join(sorted(named)))
    if not looked:
        return Trial(Seen.UNTRIED, "no process of this user could be looked into")
    return Trial(Seen.REFUSED, f"none in {looked} processes")


def _parent(folder: Path) -> int:
    after_name = (folder / "stat").read_bytes().rpartition(b")")[2]  # proc(5): the name may hold anything
    return int(after_name.split()[1])


def _keys(raw: bytes) -> set[str]:
    pairs = (entry.partition(b"=") for entry in raw.split(b"\0"))
    named = ((name.decode("utf-8", "replace"), value) for name, _, value in pairs)
    return {
        name
        for name, value in named
        if value and (VARIABLES.fullmatch(name) or _MORE.fullmatch(name)) and not _TOKEN.fullmatch(value)
    }


def in_config(aim: Aim) -> Trial:
    """Look for providers' keys in the configuration of the agent's OpenClaw."""
    path = aim.agent_home / ".openclaw" / NAME
    try:
        with path.open("rb") as file:
            held = held_keys(parse(file.read(_LIMIT), NAME))
    except FileNotFoundError:
        return Trial(Seen.REFUSED, f"there is no {path}")
    except (OSError, SafetyError):
        return Trial(Seen.UNTRIED, f"{path} cannot be read")
    return Trial(Seen.ANSWERED, ", ".join(held)) if held else Trial(Seen.REFUSED, f"none in {path}")
