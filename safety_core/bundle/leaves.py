"""Data -> its leaves by path, in a form that does not depend on how its author laid it out.

Names that share an entry ("cp, mv") become entries of their own; lists of words lose their order; subcommands that are
only listed ("read: status, log") become subcommands with that effect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.model.facts import Kind

_WORDS: Final = frozenset({"flags", "values"})
"""Fields of a program whose value is words in no order, separated by white space."""

_EFFECTS: Final = frozenset({*Kind, "dry"})
_NAMED: Final = {"programs": "program", "tools": "tool"}
"""Sections of the catalogue whose entries stand for themselves, with the word for one of them."""


def leaves(value: Json, path: str = "") -> dict[str, str]:
    """Return the leaves of a value by their path; an item of a list is a path of its own, with an empty leaf."""
    return dict(_leaves(value, path))


def _leaves(value: Json, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _leaves(below, f"{path} {name}".strip())
    elif isinstance(value, list):
        for item in value:
            text = item if isinstance(item, str) else json.dumps(item, sort_keys=True, ensure_ascii=False)
            yield f"{path} {text}".strip(), ""
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)


def catalogue_leaves(catalogue: JsonObject) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Return the leaves of every entry of a catalogue, by (sort of entry, name)."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for section, entries in catalogue.items():
        for names, entry in entries.items() if isinstance(entries, dict) else ():
            for name in _split(names):
                part = _NAMED.get(section, section)
                found.setdefault((part, name), {}).update(_entry_leaves(entry, "", program=section == "programs"))
    return found


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")]


def _entry_leaves(entry: Json, path: str, *, program: bool) -> Iterator[tuple[str, str]]:
    if not isinstance(entry, dict):
        yield from _spec_or_list(entry, path)
        return
    for field, value in entry.items():
        here = f"{path} {field}".strip()
        if program and field == "commands" and isinstance(value, dict):
            for names, below in value.items():
                for name in _split(names):
                    yield from _entry_leaves(below, f"{path} {name}".strip(), program=True)
        elif program and field in _EFFECTS:
            texts = value if isinstance(value, list) else _split(str(value))
            yield from ((f"{path} {text} effect".strip(), field) for text in texts)
        elif field in _WORDS and isinstance(value, str):
            yield from ((f"{here} {word}", "") for word in value.split())
        elif isinstance(value, dict):
            for names, below in value.items():
                for name in _split(names):
                    yield from _leaves(below, f"{here} {name}")
        else:
            yield from _leaves(value, here)


def _spec_or_list(entry: Json, path: str) -> Iterator[tuple[str, str]]:
    """A bare spec is the effect; a text with commas, as in `verbs`, is a list."""
    if isinstance(entry, str) and "," in entry:
        yield from ((f"{path} {text}".strip(), "") for text in _split(entry))
    elif isinstance(entry, str):
        yield f"{path} effect".strip(), entry
    else:
        yield from _leaves(entry, path)
