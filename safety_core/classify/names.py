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
    """Return what the verbs in these names say; in a name that begins with reading, nothing else counts."""
    found: dict[Kind, None] = {}
    for name in names:
        kinds = [verbs[word] for word in words_of(name) if word in verbs]
        found.update(dict.fromkeys(kinds[:1] if kinds[:1] == [Kind.READ] else kinds))
    return list(found)
