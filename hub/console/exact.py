"""The arguments of a call as they will run: every one in full, by name and kind, nothing cut, nothing hidden."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from hub.visible import visible
from safety_core.canonical import Json, JsonObject

_REFERENCE: Final = re.compile(r"(SECRET_REF\([^()\s]{1,200}\))")
"""A secret, as whoever approves sees it: its name stands for a value that only the tenant has."""

_FIRST: Final = ("command", "to", "recipient", "recipients", "amount", "path", "url", "subject", "message", "body")
"""Arguments that say most come first; the others in the order in which the agent gave them."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. `kind` is text, number, yes/no, list, object or nothing; `text` is how it reads, in full."""

    name: str
    kind: str
    text: str

    @property
    def beginning(self) -> str:
        """What the inbox shows of it."""
        return self.text if self.left_out == 0 else self.text[:BEGINNING]

    @property
    def left_out(self) -> int:
        """How many characters the inbox leaves out, and says so."""
        return max(0, len(self.text) - BEGINNING)


COMPARED: Final = 250_000
"""Pairs of lines that are compared, a tenth of a second at worst; larger texts are shown one after the other."""

BEGINNING: Final = 1500
"""Characters of an argument among others in the inbox; the page on which it is approved has all of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One argument that somebody changed: lines as (mark, line), the mark "-" for gone, "+" for new, " " for kept."""

    name: str
    lines: tuple[tuple[str, str], ...]


def arguments(params: JsonObject) -> tuple[Argument, ...]:
    """Return all arguments, the telling ones first."""
    names = sorted(params, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    return tuple(Argument(name, kind_of(params[name]), _text(params[name])) for name in names)


def steps(params: JsonObject) -> tuple[Argument, ...]:
    """Return a plan's arguments, its steps one by one: each with what it does and its own arguments in full."""
    told = params.get("steps")
    if not isinstance(told, list) or not all(isinstance(step, dict) for step in told):
        return arguments(params)
    rest = {name: value for name, value in params.items() if name != "steps"}
    listed = (step for step in told if isinstance(step, dict))
    return (*arguments(rest), *(_step(number, step) for number, step in enumerate(listed, 1)))


def _step(number: int, step: JsonObject) -> Argument:
    given = step.get("arguments")
    own = arguments(given) if isinstance(given, dict) else ()
    lines = [f"{name}: {_text(value)}" for name, value in step.items() if name not in {"step", "answer", "arguments"}]
    lines += [f"{one.name}:\n{one.text}" if "\n" in one.text else f"{one.name}: {one.text}" for one in own]
    if given is not None and not own:
        lines.append(f"arguments: {_text(given)}")
    return Argument(f"{number}. {step.get('step')}", _text(step.get("answer")), "\n".join(lines))


def pretty(value: Json) -> str:
    """Return JSON to read and to edit."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def changes(before: JsonObject, after: JsonObject) -> tuple[Change, ...]:
    """Return what an edit changed, argument by argument."""
    names = [*after, *(name for name in before if name not in after)]
    return tuple(Change(name, tuple(_lines(before, after, name))) for name in names if _differ(before, after, name))


def exact(text: object) -> Markup:
    """Return text as HTML with references to secrets marked and every hidden character as its code point."""
    parts = _REFERENCE.split(str(text))
    return Markup("").join(
        Markup('<span class="reference">{}</span>').format(visible(part)) if place % 2 else visible(part)
        for place, part in enumerate(parts)
    )


def kind_of(value: Json) -> str:
    """Return what an argument is, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes/no"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return "number"
    return "list" if isinstance(value, list) else "object"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else pretty(value)


def _differ(before: JsonObject, after: JsonObject, name: str) -> bool:
    return (name in before) != (name in after) or pretty(before.get(name)) != pretty(after.get(name))


def _lines(before: JsonObject, after: JsonObject, name: str) -> Iterator[tuple[str, str]]:
    old, new = (_text(side[name]).split("\n") if name in side else [] for side in (before, after))
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    yield from ((" ", line) for line in new[:head])
    yield from _differing(old[head : len(old) - tail], new[head : len(new) - tail])
    yield from ((" ", line) for line in new[len(new) - tail :])


def _alike(old: list[str], new: list[str]) -> int:
    """Return with how many equal lines two texts begin."""
    return next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _differing(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    if len(old) * len(new) > COMPARED:
        matched: list[tuple[str, int, int, int, int]] = [("replace", 0, len(old), 0, len(new))]
    else:
        matched = list(difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
    for mark, a, b, c, d in matched:
        if mark == "equal":
            yield from ((" ", line) for line in new[c:d])
        else:
            yield from (("-", line) for line in old[a:b])
            yield from (("+", line) for line in new[c:d])
