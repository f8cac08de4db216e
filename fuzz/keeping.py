"""What stays in the repository: the fewest inputs that reach as much as all that were found, short ones, a few each."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

KEPT: Final = 60
"""Inputs of one target."""
KEPT_BYTES: Final = 32 * 1024
"""Of one target's inputs together: all of them stay below a mebibyte."""
_LONGEST: Final = 2048


def keep(name: str, root: Path) -> int:
    """Put them into fuzz/corpus/NAME, beside what is there; return how many are there then.

    Inputs by hand (seed-...) and those that once found something (regression-...) stay, whatever they reach.
    """
    folder = root / "fuzz/corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        least = Path(scratch) / "least"
        least.mkdir()
        command = [
            sys.executable, "-m", "fuzz.worker", f"fuzz.targets.{name}", "--seconds", "600", "--seed", "1",
            "--work", str(root / ".cache/fuzz" / name), "--keep", str(least),
        ]  # fmt: skip
        subprocess.run(command, cwd=root, check=True, capture_output=True)
        for path in folder.iterdir():
            if not path.name.startswith(("seed-", "regression-")):
                path.unlink()
        left = KEPT_BYTES
        for path in sorted(least.iterdir(), key=lambda path: (path.stat().st_size, path.name))[:KEPT]:
            size = path.stat().st_size
            if size > min(left, _LONGEST):
                break
            left -= size
            shutil.copyfile(path, folder / hashlib.sha256(path.read_bytes()).hexdigest()[:16])
    return len([*folder.iterdir()])
