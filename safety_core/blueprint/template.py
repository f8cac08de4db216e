"""Templates: where a value of an argument comes from.

    "{{inputs.client}}"                          what a person filled in
    "{{steps.orders.output.rows.0.email}}"       what an earlier step gave back: JSON, by names and places
    "{{item.id}}"                                the item at hand, where a step is done for each of a list
    "{{run.id}}", "{{run.date}}"                 of this run; the day on which it began

A text that is one template becomes the value, with its kind. In a longer text, a value is written out: a text or a
number, nothing else. A value is looked at once and never read as a template again. There are no expressions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from safety_core.canonical import Json
from safety_core.errors import InputError

ROOTS: Final = ("inputs", "steps", "item", "run")

LATER: Final = frozenset({"steps", "item"})
"""Roots of what is known only when earlier steps have run."""

RUN: Final = ("id", "date")
"""What is known of the run itself."""

_TEMPLATE: Final = re.compile(r"\{\{([^{}]*)\}\}")
_PATH: Final = re.compile(r"[a-z]+(\.[A-Za-z0-9_@-]+)*")
_PLACE: Final = re.compile(r"0|[1-9][0-9]{0,4}")
_FILE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,99}")

WRITTEN: Final = 64 * 1024
"""Characters of one text with its values written out."""


@dataclass(frozen=True, slots=True)
class Values:
    """What templates can mean.

    Attributes:
        steps: outputs by the steps' ids; a step that was left out has None.
        item: the item at hand, where there is one.
    """

    inputs: Mapping[str, Json] = field(default_factory=dict)
    steps: Mapping[str, Json] = field(default_factory=dict)
    run: Mapping[str, Json] = field(default_factory=dict)
    item: Json = None


def paths_in(value: Json) -> Iterator[tuple[str, ...]]:
    """Yield the path of each template in `value`, at any depth. Raises InputError for one that is malformed."""
    if isinstance(value, str):
        for found in _TEMPLATE.findall(value):
            yield _path(found)
        if "{{" in _TEMPLATE.sub("", value) or "}}" in _TEMPLATE.sub("", value):
            raise InputError("template", "is not closed, or not opened", 'write "{{inputs.name}}"')
    elif isinstance(value, list):
        for item in value:
            yield from paths_in(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if "{{" in name:
                raise InputError("template", "stands in a name", "templates are for values")
            yield from paths_in(item)


def filled(value: Json, values: Values) -> Json:
    """Return `value` with every template replaced. Raises InputError where one means nothing, or cannot be written."""
    return _filled(value, values, _written)


def meant(template: str, values: Values) -> Json:
    """Return what a condition or a list goes by: None where its template means nothing. Raises InputError as `filled`
    for a template that stands in a longer text."""
    alone = _TEMPLATE.fullmatch(template)
    return found(_path(alone[1]), values) if alone else filled(template, values)


def filled_address(url: str, values: Values) -> str:
    """Return a URL with every template replaced, each value as one piece: it ends neither a path nor a query."""
    return str(_whole(url, values, lambda path, value: quote(_written(path, value), safe="")))


def filled_path(path: str, values: Values) -> str:
    """Return a path of a file with every template replaced. Raises InputError for a value that leads elsewhere."""
    return str(_whole(path, values, _file))


def filled_known(value: Json, values: Values) -> Json:
    """Return `value` with every template replaced that needs no step: what is known before a run begins."""
    if isinstance(value, str):
        alone = _TEMPLATE.fullmatch(value)
        if alone and _path(alone[1])[0] not in LATER:
            return found(_path(alone[1]), values)

        def piece(match: re.Match[str]) -> str:
            path = _path(match[1])
            return match[0] if path[0] in LATER else _written(path, found(path, values))

        return _TEMPLATE.sub(piece, value)
    if isinstance(value, list):
        return [filled_known(item, values) for item in value]
    if isinstance(value, dict):
        return {name: filled_known(item, values) for name, item in value.items()}
    return value


def depends(value: Json) -> bool:
    """Tell whether a template in `value` needs what an earlier step gives back."""
    return any(path[0] in LATER for path in paths_in(value))


def found(path: tuple[str, ...], values: Values) -> Json:
    """Return what a path means; None where a step was left out, or gave nothing of the kind."""
    root, *rest = path
    if root == "steps":
        rest = [rest[0], *rest[2:]]  # steps.ID.output...: the word `output` is for readers
    roots: dict[str, Json] = {
        "inputs": {**values.inputs}, "steps": {**values.steps}, "run": {**values.run}, "item": values.item
    }  # fmt: skip
    here = roots[root]
    for name in rest:
        if isinstance(here, dict):
            here = here.get(name)
        elif isinstance(here, list) and _PLACE.fullmatch(name) and int(name) < len(here):
            here = here[int(name)]
        else:
            return None
    return here


def _filled(value: Json, values: Values, write: Callable[[tuple[str, ...], Json], str]) -> Json:
    if isinstance(value, str):
        alone = _TEMPLATE.fullmatch(value)
        return _something(_path(alone[1]), values) if alone else _whole(value, values, write)
    if isinstance(value, list):
        return [_filled(item, values, write) for item in value]
    if isinstance(value, dict):
        return {name: _filled(item, values, write) for name, item in value.items()}
    return value


def _whole(text: str, values: Values, write: Callable[[tuple[str, ...], Json], str]) -> str:
    def piece(match: re.Match[str]) -> str:
        path = _path(match[1])
        return write(path, found(path, values))

    whole = _TEMPLATE.sub(piece, text)
    if len(whole) > WRITTEN:
        raise InputError("text", f"has more than {WRITTEN} characters with its values", "take less of an earlier step")
    return whole


def _something(path: tuple[str, ...], values: Values) -> Json:
    value = found(path, values)
    return _written(path, value) if value is None else value


def _written(path: tuple[str, ...], value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    reason = "is nothing" if value is None else "is neither a text nor a number, and cannot stand in a text"
    raise InputError(".".join(path), reason, "see what the step gave back: safety blueprint show RUN")


def _file(path: tuple[str, ...], value: Json) -> str:
    name = _written(path, value)
    if not _FILE.fullmatch(name):
        raise InputError(".".join(path), "cannot be a part of a file's name", "letters, digits, _ - . and @ can")
    return name


def _path(text: str) -> tuple[str, ...]:
    path = tuple(text.split("."))
    if not _PATH.fullmatch(text) or path[0] not in ROOTS:
        shown = "".join(sign for sign in text[:60] if sign.isprintable())
        raise InputError(
            f"template {{{{{shown}}}}}", "is not known", 'write "{{inputs.name}}" or "{{steps.id.output}}"'
        )
    return path
