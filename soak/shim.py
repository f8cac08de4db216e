"""The clock that a process sees, and how long its disk takes: a small preloaded library and the page that steers it."""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("shim.c")
SECOND: Final = 10**9
PAGE: Final = struct.Struct("<qqq")
"""Nanoseconds by which the clock is ahead, nanoseconds that each sync waits, and how many syncs there were."""


class CompilerError(Exception):
    """The library cannot be made here; the text says what to do."""


def compiled(folder: Path) -> Path:
    """Compile the library into `folder`. Raises CompilerError."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise CompilerError("no C compiler: apt-get install gcc libc6-dev")
    made = folder / "shim.so"
    order = [compiler, "-O2", "-shared", "-fPIC", "-o", str(made), str(SOURCE), "-ldl"]
    done = subprocess.run(order, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CompilerError(f"the C compiler failed: {done.stderr.strip()}")
    return made


@dataclass
class Shim:
    """What one process sees. `library` is preloaded into it, `page` is where it looks."""

    library: Path
    page: Path
    _mapped: mmap.mmap = field(init=False)

    def __post_init__(self) -> None:
        self.page.write_bytes(PAGE.pack(0, 0, 0))
        descriptor = os.open(self.page, os.O_RDWR)
        self._mapped = mmap.mmap(descriptor, PAGE.size)
        os.close(descriptor)

    @property
    def environ(self) -> dict[str, str]:
        """What a process is started with."""
        return {"LD_PRELOAD": str(self.library), "SOAK_PAGE": str(self.page)}

    @property
    def syncs(self) -> int:
        """How often the process has waited for its disk."""
        return int(PAGE.unpack_from(self._mapped)[2])

    def jump(self, seconds: float) -> None:
        """Put the clock so far ahead of the true one; 0 puts it right."""
        struct.pack_into("<q", self._mapped, 0, int(seconds * SECOND))

    def slow(self, seconds: float) -> None:
        """Have each sync wait so long; 0 for no longer than the disk does."""
        struct.pack_into("<q", self._mapped, 8, int(seconds * SECOND))
