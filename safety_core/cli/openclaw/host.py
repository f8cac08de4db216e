"""The `openclaw` program: its version, its opinion of a configuration, its loaded plugins; without a gateway."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.cli.openclaw.tree import found
from safety_core.cli.openclaw.wish import PLUGIN_ID
from safety_core.errors import InputError, UnavailableError

SECONDS: Final = 120.0
"""How long one run may take: a second or five, and more on a machine that is busy."""

TESTED: Final = ("2026.9.6",)
"""The releases that the gateway is tested with, the newest first."""

LEAST: Final = (2026, 9, 0)
"""The oldest release that the plugin says it can live in."""


@dataclass(frozen=True, slots=True)
class Host:
    """One installed OpenClaw. `program`: its executable; `config`: the configuration it is asked about."""

    program: Path
    config: Path

    @classmethod
    def find(cls, named: Path | None, config: Path) -> Host | None:
        """Return the OpenClaw that was named, or the one on the PATH; None where there is none.

        Raises:
            InputError: the one that was named is not there.
        """
        if named is not None:
            if not os.access(named, os.X_OK):
                raise InputError(str(named), "is no program", "give the path of `openclaw`")
            return cls(named.absolute(), config)
        program = shutil.which("openclaw")
        return cls(Path(program), config) if program else None

    def version(self) -> str:
        """Return its version, such as "2026.9.6"."""
        status, out = self._run("--version")
        shown = re.search(r"\d{4}\.\d+\.\d+\S*", out)
        if status or not shown:
            raise UnavailableError(str(self.program), "does not say its version", "is it OpenClaw?")
        return shown[0]

    def objections(self) -> list[str]:
        """Return what it has against the configuration, by place; nothing where it takes it."""
        status, out = self._run("config", "validate", "--json")
        answer = _json(out)
        if status == 0 and found(answer, "valid") is True:
            return []
        listed = found(answer, "issues")
        issues = listed if isinstance(listed, list) else []
        told = [f"{found(issue, 'path') or 'somewhere'}: {found(issue, 'message') or 'refused'}" for issue in issues]
        return told or [f"`openclaw config validate` ended with status {status}"]

    def inspect(self) -> JsonObject:
        """Return what it says about our plugin after loading it."""
        status, out = self._run("plugins", "inspect", PLUGIN_ID, "--runtime", "--json")
        answer = _json(out)
        if not isinstance(answer, dict):
            raise UnavailableError("openclaw plugins inspect", f"gave no JSON (status {status})", "run it by hand")
        return answer

    def sign_ins(self, agent: str) -> tuple[str, ...]:
        """Return the names of the keys and sign-ins that an agent has besides the configuration, such as openai:manual.

        Raises:
            UnavailableError: it does not say.
        """
        status, out = self._run("models", "auth", "list", "--agent", agent, "--json")
        listed = found(_json(out), "profiles")
        if not isinstance(listed, list):
            raise UnavailableError("openclaw models auth list", f"gave no JSON (status {status})", "run it by hand")
        return tuple(str(found(profile, "id")) for profile in listed)

    def _run(self, *arguments: str) -> tuple[int, str]:
        environ = {**os.environ, "OPENCLAW_CONFIG_PATH": str(self.config)}
        try:
            done = subprocess.run(
                [self.program, *arguments],
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = f"could not be run ({type(error).__name__})"
            raise UnavailableError(str(self.program), reason, f"try `openclaw {' '.join(arguments)}`") from error
        return done.returncode, done.stdout


def _json(out: str) -> Json:
    """Return the JSON object in what was printed; a warning may stand in front of it."""
    try:
        value: Json = json.loads(out[max(0, out.find("{")) :])
    except ValueError:
        return None
    return value
