"""Names of tools and subcommands -> what they do, by their words. For everything that the catalogue does not list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from safety_core.model.facts import Kind

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words_of(name: str) -> list[str]:
    """Split camelCase, snake_case, kebab-case and dotted names into lower-case words."""
    return [word.lower() for word in _WORD.findall(name)]


def kinds_in(names: Iterable[str], verbs: Mapping[str, Kind]) -> list[Kind]:
    """Return what the verbs that head these names say, without repeats."""
    found = (verbs.get(words[0]) for words in map(words_of, names) if words)
    return list(dict.fromkeys(kind for kind in found if kind is not None))


def kind_of(name: str, verbs: Mapping[str, Kind]) -> Kind | None:
    """Return what a tool of this name does: its first verb says so, and a graver one anywhere in it counts too."""
    kinds = [verbs[word] for word in words_of(name) if word in verbs]
    if not kinds:
        return None
    return kinds[0] if kinds[0] is not Kind.READ else Kind.READ
