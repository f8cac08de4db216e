"""A file in memory, for readers that take a path: nothing is left behind, however the process ends."""

from __future__ import annotations

import os
from pathlib import Path


class MemoryFile:
    """One file; `path` names it within this process."""

    def __init__(self) -> None:
        self._handle = os.memfd_create("fuzz")
        self.path = Path(f"/proc/self/fd/{self._handle}")

    def put(self, raw: bytes) -> None:
        """Hold these bytes and no others."""
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, raw, 0)
