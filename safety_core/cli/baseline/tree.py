"""What git ignores in a folder."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

_SECONDS: Final = 60
"""For git to list a work tree; it walks the same files that we do."""


def ignored_in(folder: Path) -> frozenset[str]:
    """Return the files and folders that git ignores, relative to `folder`; none without git, or in no repository."""
    words = ["git", "-C", str(folder), "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"]
    try:
        done = subprocess.run(words, capture_output=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    names = done.stdout.decode("utf-8", "surrogateescape").split("\0") if done.returncode == 0 else []
    return frozenset(name.rstrip("/") for name in names if name)
