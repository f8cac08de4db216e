"""Where a host keeps its hooks, and what our entries say there.

Claude Code: `hooks` in settings.json, of the user ($CLAUDE_CONFIG_DIR or ~/.claude) or of a project (.claude).
Codex: hooks.json, of the user ($CODEX_HOME or ~/.codex) or of a project (.codex), in the same form.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.cli.hook.event import Kind
from safety_core.cli.hook.spoken import Host

OWN: Final = 50.0
"""Seconds that a hook has for everything but the wait for a person."""

MARGIN: Final = 15
"""Seconds between the hook's own end and the host's, which would let the call pass."""

_OURS: Final = re.compile(rf" hook ({'|'.join(host.value for host in Host)})( .*)? \|\| exit 2$")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be installed.

    Attributes:
        options: of the hook's command, as it is to be called.
        seconds: until its own end.
        kinds: the events it is to hear of.
    """

    host: Host
    options: tuple[str, ...]
    seconds: float
    kinds: tuple[Kind, ...]

    @property
    def command(self) -> str:
        """What the host runs, in a shell: whatever befalls our program, its exit status is 0 or blocks."""
        return f"{program()} {shlex.join(['hook', self.host.value, *self.options])} || exit 2"

    def entry(self) -> JsonObject:
        """Return one entry, for every tool."""
        timeout = int(self.seconds) + MARGIN
        return {"hooks": [{"type": "command", "command": self.command, "timeout": timeout}]}


def program() -> str:
    """Return how this very program is started, as a shell reads it.

    -E and -P: neither a variable nor a file of the folder in which the agent works may put itself in the place of ours.
    """
    return shlex.join([sys.executable, "-EP", "-m", "safety_core.cli"])


def settings_file(host: Host, environ: Mapping[str, str], *, project: bool) -> Path:
    """Return the file in which `host` looks for hooks, links followed."""
    named, folder, file = {
        Host.CLAUDE_CODE: ("CLAUDE_CONFIG_DIR", ".claude", "settings.json"),
        Host.CODEX: ("CODEX_HOME", ".codex", "hooks.json"),
    }[host]
    if project:
        return (Path.cwd() / folder / file).resolve()
    base = environ.get(named)
    return ((Path(base) if base else Path.home() / folder) / file).resolve()


def is_ours(command: str) -> bool:
    """Tell whether an installed command is one of this program's hooks."""
    return _OURS.search(command) is not None


def is_as_written(command: str) -> bool:
    """Tell whether an installed command is the one that this very program writes, with whatever options: then nothing
    else is started by it. Others come with a project, which anybody may have written."""
    begin, end = f"{program()} hook ", " || exit 2"
    try:
        words = shlex.split(command.removeprefix(begin).removesuffix(end))
    except ValueError:
        return False
    return command == begin + shlex.join(words) + end
