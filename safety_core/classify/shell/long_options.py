"""Long options that are abbreviated, or that no entry lists but nearly every program knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from safety_core.classify.catalogue import Entry, Spec
from safety_core.classify.names import GRAVEST

SHORTEST_PREFIX: Final = 4
"""Characters, dashes included, from which an abbreviated long option is taken for a listed one."""

_HARMLESS: Final = frozenset({"", "text"})
"""Types of values that name nothing."""


def listed(entry: Entry, name: str, generic: Mapping[str, Spec]) -> Spec | None:
    """Return what the entry says of an option, abbreviated or not; where several could be meant, the gravest."""
    options = entry.options
    if name not in options and entry.single and len(name) > len("-X"):
        name = name.lower()
    if name in options or not name.startswith("--") or len(name) < SHORTEST_PREFIX or name in generic:
        return options.get(name)
    longer = [spec for key, spec in options.items() if key.startswith(name) and not spec.dry]
    return max(longer, key=_gravity, default=None)


def meant(name: str, generic: Mapping[str, Spec]) -> Spec | None:
    """`--delete-branch` means what `--delete` means, where that has an effect of its own."""
    head = generic.get("--" + name.lstrip("-").partition("-")[0], Spec())
    return generic.get(name) or (head if head.kind is not None else None)


def _gravity(spec: Spec) -> tuple[int, bool, int]:
    """Order specs: by their effect, by whether their value names something, by the traits that make them graver."""
    rank = len(GRAVEST) - GRAVEST.index(spec.kind) if spec.kind is not None else 0
    return rank, spec.takes not in _HARMLESS, -1 if "milder" in spec.traits else len(spec.traits)
