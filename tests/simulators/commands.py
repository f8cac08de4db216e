"""Command lines by what their programs' manuals say they do: `tests/vectors/commands`, and texts in tests."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from safety_core.model.level import Level

FOLDER: Final = Path(__file__).parent.parent / "vectors" / "commands"


def commands(name: str, section: str) -> list[str]:
    """Return the lines of one section of a file of command lines.

    Args:
        section: "looks", "changes", "everyday", "outside" or "grave"; it stands in brackets above its lines.
    """
    _, _, rest = (FOLDER / f"{name}.txt").read_text("utf-8").partition(f"[{section}]\n")
    return [line for line in rest.partition("\n\n[")[0].splitlines() if line]


def by_level(green: str, yellow: str, external: str, red: str, critical: str) -> list[tuple[Level, str]]:
    """Return each line of these texts with the level that it is held to."""
    texts = zip(Level, (green, yellow, external, red, critical), strict=True)
    return [(level, line) for level, text in texts for line in text.strip().splitlines()]
