"""Where everything of one soak lies: one folder with a short path, since Unix sockets have room for 107 bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """The paths below one folder.

    Attributes:
        folder: the soak's own.
    """

    folder: Path

    @property
    def home(self) -> Path:
        """The edge's state: a file system of its own, that can be full."""
        return self.folder / "home"

    @property
    def hub(self) -> Path:
        """The hub's: another one."""
        return self.folder / "hub"

    @property
    def workspace(self) -> Path:
        """Where the agent's commands run."""
        return self.folder / "work"

    @property
    def logs(self) -> Path:
        """What edge and hub print."""
        return self.folder / "logs"

    @property
    def notes(self) -> Path:
        """What each part of the soak notes by itself."""
        return self.folder / "notes"

    @property
    def spare(self) -> Path:
        """Copies that are broken on purpose."""
        return self.folder / "spare"

    @property
    def root(self) -> Path:
        """The pinned root of the policy's repository."""
        return self.folder / "root.json"

    def create(self) -> Places:
        """Make the folders."""
        for path in (self.home, self.hub, self.workspace, self.logs, self.notes, self.spare):
            path.mkdir(parents=True, exist_ok=True)
        return self
