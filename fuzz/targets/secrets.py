"""Files of secrets that other programs keep (.env, Bitwarden, 1Password, HashiCorp Vault): no value in an error."""

from __future__ import annotations

from fuzz.planted import VALUES, check_none, planted
from fuzz.trial import Target
from safety_core.cli.secret.entries import Entries, line_of
from safety_core.cli.secret.importing import _read_bytes
from safety_core.errors import SafetyError

MEMORY = 128


def start() -> Target:
    """Return the reader."""

    def read(raw: bytes) -> None:
        entries = Entries()
        tree = raw.lstrip().startswith(b"{")
        body = planted(raw, escaped=tree)
        told: list[SafetyError] = []
        try:
            _read_bytes(entries, body, "file")
        except SafetyError as error:
            told.append(error)
        for refused in (*told, *entries.refused):
            check_none(line_of(refused), () if tree else VALUES[1:])  # what is told are names, which these cannot be

    return read
