"""Where the edge keeps things: one folder that nobody else on the machine may enter.

~/.safety/            0700; another place by $SAFETY_HOME
    vault.db          sealed secrets
    audit.db          the audit log, and audit.checkpoint beside it
    edge.db           approvals and usage
    runs.db           runs of blueprints
    bundles/          the last trusted policy
    keys/             vault.key, edge.key: 0600
    cache/            compiled patterns; may be thrown away
    backups/          copies of the databases, without keys
    connections/      what was pinned of services that describe themselves
    edge.sock         the control listener
    .restore-in-progress/  what a restore that was cut off had copied
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safety_core.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Home:
    """The paths below one folder. Making a `Home` touches nothing; `create` does."""

    path: Path

    @classmethod
    def default(cls, environ: Mapping[str, str] | None = None) -> Home:
        """Return the folder that $SAFETY_HOME names, else `~/.safety`."""
        named = (os.environ if environ is None else environ).get("SAFETY_HOME")
        return cls(Path(named).absolute() if named else Path.home() / ".safety")

    def create(self) -> Home:
        """Make the folders where they are missing, and keep everybody else out of them.

        Raises:
            UnavailableError: they cannot be made, or belong to somebody else; or a restore was cut off here.
        """
        if self.restoring.exists():
            reason = "holds a part of a backup: a restore was cut off"
            raise UnavailableError(str(self.path), reason, "run `safety backup restore` again")
        try:
            for folder in (self.path, self.keys, self.bundle_dir):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)
        except OSError as error:
            reason = f"cannot be made ({error.strerror})"
            raise UnavailableError(str(self.path), reason, "set SAFETY_HOME to a folder of your own") from error
        return self

    @property
    def vault(self) -> Path:
        """The sealed secrets."""
        return self.path / "vault.db"

    @property
    def audit(self) -> Path:
        """The audit log."""
        return self.path / "audit.db"

    @property
    def edge_db(self) -> Path:
        """Approvals and usage."""
        return self.path / "edge.db"

    @property
    def runs(self) -> Path:
        """Runs of blueprints, which the command line keeps."""
        return self.path / "runs.db"

    @property
    def bundle_dir(self) -> Path:
        """The last trusted policy and the trust it rests on."""
        return self.path / "bundles"

    @property
    def keys(self) -> Path:
        """Key files."""
        return self.path / "keys"

    @property
    def vault_key(self) -> Path:
        """The key that opens the vault, where no systemd credential or passphrase does."""
        return self.keys / "vault.key"

    @property
    def edge_key(self) -> Path:
        """The edge's own Ed25519 seed: signs checkpoints, and requests to the hub."""
        return self.keys / "edge.key"

    @property
    def cache(self) -> Path:
        """What can be worked out again."""
        return self.path / "cache"

    @property
    def backups(self) -> Path:
        """Copies of the databases."""
        return self.path / "backups"

    @property
    def restoring(self) -> Path:
        """What is to take its place here. While it is there, no edge starts."""
        return self.path / ".restore-in-progress"

    @property
    def connections(self) -> Path:
        """What was pinned of connected services that describe their own operations."""
        return self.path / "connections"

    @property
    def socket(self) -> Path:
        """The control listener."""
        return self.path / "edge.sock"
