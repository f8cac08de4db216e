"""What stands in the arguments of a tool, and in its entry: texts wherever they are, command lines, people, sums."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.classify.names import words_of
from safety_core.errors import InputError
from safety_core.wire.reader import parse_json

MOST_FIELDS: Final = 500
"""Arguments of one call that are looked at, nested ones counted."""

_ADDRESS: Final = re.compile(r"[^<>]*<([^<>\s]+@[^<>\s]+)>\s*")
_SEPARATOR: Final = re.compile(r"[,;\n]")
_SUM: Final = re.compile(r"[-+]?\d[\d',]*(?:\.\d+)?")


def plain(key: str) -> str:
    """Return the name of an argument in snake_case, however it is written."""
    return "_".join(words_of(key))


def fields_in(params: JsonObject) -> Iterator[tuple[str, Json]]:
    """Yield every argument with its plain name, those inside of other arguments as well, JSON text too."""
    stack: list[tuple[str, Json]] = [("", params)]
    for _ in range(MOST_FIELDS):
        if not stack:
            return
        key, value = stack.pop(0)
        if key:
            yield key, value
        if isinstance(value, str) and value.lstrip()[:1] == "{":
            value = next(objects_in(value), value)
        if isinstance(value, dict):
            stack.extend((plain(name), item) for name, item in value.items())
        elif isinstance(value, list):
            stack.extend(("", item) for item in value if isinstance(item, dict))


def leaves(value: Json) -> Iterator[str]:
    """Yield the texts in an argument, wherever they stand in it; other values are no target."""
    stack: list[Json] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            stack.extend(reversed(item.values()))


def commands_in(value: Json) -> Iterator[str]:
    """Yield a command line; a list is one command, word by word, and a single text in it is a line of its own."""
    if isinstance(value, list):
        words = list(leaves(value))
        yield words[0] if len(words) == 1 else shlex.join(words)
    else:
        yield from leaves(value)


def people_in(value: Json) -> Iterator[str]:
    """Yield whom an argument names, one by one: a text may name several addresses, an object a name and an address."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            texts = list(leaves(item))
            named = [text for text in texts if "@" in text] or texts[:1]
        else:
            named = list(leaves(item))
        for text in named:
            yield from _addresses(text)


def _addresses(text: str) -> Iterator[str]:
    """Yield the addresses in a text; one that holds none names somebody in another way and is left whole."""
    if "@" not in text:
        yield text.strip()
        return
    for part in _SEPARATOR.split(text):
        inner = _ADDRESS.fullmatch(part)
        if part.strip():
            yield inner[1] if inner else part.strip()


def sum_in(amount: Json, currency: str) -> str:
    """Return a sum of money as a person reads it ("1,200.00 EUR"), or "" for what is no number."""
    if isinstance(amount, str):
        found = _SUM.fullmatch(amount.strip().strip("$€£ "))
        amount = float(re.sub("[',]", "", found[0])) if found else None
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return ""
    digits = f"{amount:,}" if isinstance(amount, int) else f"{amount:,.2f}"
    return f"{digits} {currency}".strip()


def object_in(entry: JsonObject, name: str) -> JsonObject:
    """Return a mapping that an entry holds, or an empty one."""
    value = entry.get(name)
    return value if isinstance(value, dict) else {}


def names_in(value: Json) -> list[str]:
    """Return a list of names that an entry holds."""
    return [str(name) for name in value] if isinstance(value, list) else []


def objects_in(value: Json) -> Iterator[JsonObject]:
    """Yield a mapping, also one that is written as JSON."""
    if isinstance(value, str):
        with suppress(InputError):
            value = parse_json(value, "arguments")
    if isinstance(value, dict):
        yield value
