"""The inputs and words that are kept in the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fuzz.trial import Loaded

ROOT: Final = Path(__file__).parent.parent


def kept(folder: Path) -> list[bytes]:
    """Return the inputs in a folder, by name."""
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


def folder_of(name: str) -> Path:
    """Return where a target's inputs are kept."""
    return ROOT / "fuzz/corpus" / name


def words_of(name: str) -> Path:
    """Return where a target's words are kept, in libFuzzer's form."""
    return ROOT / "fuzz/words" / f"{name}.dict"


def inputs_of(target: Loaded, folder: Path) -> list[bytes]:
    """Return what a target begins with: what is kept, and what is made anew."""
    return [*kept(folder), *target.made()]
