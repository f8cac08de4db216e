"""The words of a rule against the schema of facts: a misspelt field, kind, zone or trait is a rule that never fires.

For authors (`safety policy check`); an edge does not need it. Read are the forms in which rules are written: fields of
`input`, of an action (`some action in object.get(input, "actions", [])`) and of a target, and words that are compared
with a kind, a zone or a trait. What is written in another way is passed over, not refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from safety_core.canonical import Json
from safety_core.errors import PolicyError
from safety_core.wire.reader import Reader

_ACTIONS: Final = re.compile(r"\bsome (\w+) in (?:object\.get\(input, \"actions\"|input\.actions)")
_TARGETS: Final = r"\bsome (\w+) in (?:object\.get\((?:{0}), \"targets\"|(?:{0})\.targets)"
_GET: Final = re.compile(r"object\.get\((\w+), \"(\w+)\"")
_DOTTED: Final = re.compile(r"(?<![\w.\"])(\w+)\.(\w+)")
_COMPARED: Final = r"(?:\.{0}|\"{0}\", \"[^\"]*\"\)|\b{0})\s*(?:==|!=|in)\s*(\{{[^}}]*\}}|\"\w+\")"
_AMONG: Final = re.compile(r"\"(\w+)\" in (traits|zones)\b|\"(\w+)\" in (?:\w+\.|object\.get\(\w+, \")(traits)\b")
_SPEC: Final = re.compile(r"[a-z_]*(?:\+[a-z_]+)+(?:=[a-z_:]+)?")
_PLAIN: Final = re.compile(r"[a-z_]+")
_TRAIT: Final = re.compile(r"\+([a-z_]+)")
_HIT: Final = re.compile(r"^hits contains \{([^{}]*)\}")
_KEY: Final = re.compile(r"\"(\w+)\":")
_WORD: Final = re.compile(r"\"(\w+)\"")


HIT: Final = frozenset({"level", "reason"})
"""Fields of a hit."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the schema of facts knows: fields of a call, an action and a target; kinds, zones and traits."""

    fields: Mapping[str, frozenset[str]]
    words: Mapping[str, frozenset[str]]


def read_vocabulary(schema: Json) -> Vocabulary:
    """Return the vocabulary of a schema of facts, as `policies/schema/facts.json` writes it. Raises InputError."""
    reader = Reader(schema, "facts.json")
    definitions = reader.object("$defs")
    action, target = (definitions.object(name).object("properties") for name in ("action", "target"))
    kinds = {*action.object("kind").texts("enum"), *target.object("kind").texts("enum")}
    return Vocabulary(
        {
            "call": frozenset(reader.object("properties").keys()),
            "action": frozenset(action.keys()),
            "target": frozenset(target.keys()),
        },
        {
            "kind": frozenset(kinds),
            "zone": frozenset(target.object("zone").texts("enum")),
            "trait": frozenset(action.object("traits").object("items").texts("enum")),
        },
    )


def check_words(name: str, text: str, known: Vocabulary) -> None:
    """Refuse a rule that speaks of what no fact has.

    Raises:
        PolicyError: naming file and line, and what is meant where something is like it.
    """
    owners = {"input": "call", **_variables(text)}
    for number, line in enumerate(text.splitlines(), 1):
        code = line.partition("#")[0]
        for owner, field in (*_GET.findall(code), *_DOTTED.findall(code)):
            if owner in owners:
                _known(f"{name}:{number}", field, known.fields[owners[owner]], f"field of {_article(owners[owner])}")
        for fields in _HIT.findall(code):
            for field in _KEY.findall(fields):
                _known(f"{name}:{number}", field, HIT, "field of a hit")
        for sort, word in _compared(code):
            _known(f"{name}:{number}", word, known.words[sort], sort)


def check_traits(text: str, place: str, known: Vocabulary) -> None:
    """Refuse a spec of the catalogue ("destroy+recursive=path") with a trait that no rule could know. `place` names it.

    Raises:
        PolicyError: naming what is meant where something is like it.
    """
    for trait in _TRAIT.findall(text.partition("=")[0]):
        _known(place, trait, known.words["trait"], "trait")


def specs_of(entry: Json, path: str) -> Iterator[tuple[str, str]]:
    """Yield every spec of a program's or tool's entry that names a trait, with its path."""
    if isinstance(entry, dict):
        for name, below in entry.items():
            if name == "traits":
                yield f"{path}.{name}", "".join(f"+{word}" for word in _PLAIN.findall(str(below)))
            elif name != "words":
                yield from specs_of(below, f"{path}.{name}")
    elif isinstance(entry, str) and _SPEC.fullmatch(entry):
        yield path, entry


def _article(owner: str) -> str:
    return f"an {owner}" if owner == "action" else f"a {owner}"


def _variables(text: str) -> dict[str, str]:
    """Return the names under which a rule speaks of actions and targets."""
    actions = {*_ACTIONS.findall(text)}
    if not actions:
        return {}
    targets = re.findall(_TARGETS.format("|".join(sorted(actions))), text)
    return {**dict.fromkeys(actions, "action"), **dict.fromkeys(targets, "target")}


def _compared(code: str) -> Iterator[tuple[str, str]]:
    for sort in ("kind", "zone", "trait"):
        for found in re.findall(_COMPARED.format(sort), code):
            yield from ((sort, word) for word in _WORD.findall(found))
    for word, among, other, _ in _AMONG.findall(code):
        yield ("zone" if among == "zones" else "trait"), word or other


def _known(place: str, word: str, known: Collection[str], what: str) -> None:
    if word in known:
        return
    near = get_close_matches(word, known, 1)
    fix = f"write {near[0]}" if near else f"policies/schema/facts.json has every {what}"
    raise PolicyError(place, f"{word!r} is no {what}", fix)
