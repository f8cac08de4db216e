"""A run's results as JSON, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bench.figure import Figure

FOLDER: Final = Path(__file__).parent.parent / "results"
LATEST: Final = FOLDER / "latest.json"
"""The run that docs/benchmarks.md shows. Kept in the repository, so that every figure there has its source."""


def stored(results: dict[str, Any], path: Path) -> None:
    """Write them, with the times to four digits."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(_rounded(results), indent=1, ensure_ascii=False) + "\n", "utf-8")


def loaded(path: Path) -> dict[str, Any]:
    """Return what `stored` wrote."""
    return dict(json.loads(path.read_text("utf-8")))


def packed(figures: list[Figure]) -> list[dict[str, Any]]:
    """Return figures as JSON."""
    return [asdict(figure) for figure in figures]


def figures_of(results: dict[str, Any]) -> list[Figure]:
    """Return the figures of a run."""
    return [Figure(**item) for item in results["figures"]]


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value
