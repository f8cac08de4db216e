"""What a policy's data says of blueprints -> `Blueprint`.

    id: freelancer
    title: A freelancer's first hour
    words: Answers a new enquiry, and offers an appointment.
    inputs:
      - {name: client, type: email, question: Whose enquiry is it?}
    steps:
      - id: enquiries
        words: Looks for what the client wrote
        tool: mail_search
        arguments: {from: "{{inputs.client}}"}
        expect: {value: "{{steps.enquiries.output.messages}}", over: 0, words: nothing from this address}
      - id: appointment
        ...
        compensate: undo                    # or {tool, arguments}: the call that takes it back

Checked, in order: every field is known, and of its kind; ids stand once; a template means a blank that there is, an
earlier step, or the item at hand. Left to the caller: what the catalogue says of the tools (`blueprint.checked`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from safety_core.blueprint.blanks import checked
from safety_core.blueprint.template import RUN, paths_in
from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.model.blueprint import (
    Blueprint,
    Comparison,
    Compensation,
    Condition,
    Input,
    InputType,
    OnFailure,
    Step,
)
from safety_core.wire.reader import Reader

STEPS: Final = 40
"""Steps of one blueprint: more than anybody reads through and answers for."""

MOST: Final = 50
"""Items for which one step is done."""

INPUTS: Final = 30

_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_STEP: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class _Known:
    """What a template may mean at one place."""

    inputs: frozenset[str]
    steps: frozenset[str]
    item: bool = False


def parse_blueprints(reader: Reader) -> Mapping[str, Blueprint]:
    """Return the blueprints by id. Raises InputError naming the field."""
    return {name: parse_blueprint(name, reader.object(name)) for name in reader.keys()}  # noqa: SIM118


def parse_blueprint(name: str, reader: Reader) -> Blueprint:
    """Return one blueprint. Raises InputError naming the field."""
    if reader.text("id") != name or not _ID.fullmatch(name):
        raise InputError(f"{reader.path}.id", "must be the file's name: lower-case letters, digits and -")
    inputs = tuple(_input(entry) for entry in reader.objects("inputs", limit=INPUTS)) if reader.has("inputs") else ()
    _once(reader, "inputs", [blank.name for blank in inputs])
    blueprint = Blueprint(
        name,
        _line(reader, "title"),
        _line(reader, "words"),
        inputs,
        tuple(_steps(reader, frozenset(blank.name for blank in inputs))),
        reader.whole(),
    )
    reader.done()
    return blueprint


def _input(entry: Reader) -> Input:
    name, word = entry.text("name"), entry.text("type")
    if not _NAME.fullmatch(name):
        raise InputError(f"{entry.path}.name", "must be lower-case letters, digits and _")
    blank = Input(
        name,
        InputType(_one_of(entry, "type", word, [kind.value for kind in InputType])),
        _line(entry, "question"),
        None,
        _pattern(entry),
        entry.texts("choices", ()),
    )
    if not entry.has("default"):
        entry.done()
        return blank
    default = entry.json("default")
    entry.done()
    if isinstance(default, bool) or not isinstance(default, str | int | float):
        raise InputError(f"{entry.path}.default", "must be a text or a number")
    try:
        value = checked(blank, str(default))
    except InputError as error:
        raise InputError(f"{entry.path}.default", error.reason) from error
    return Input(blank.name, blank.type, blank.question, value, blank.pattern, blank.choices)


def _pattern(entry: Reader) -> str:
    pattern = entry.text("pattern", "", limit=200)
    try:
        re.compile(pattern)
    except re.error as error:
        raise InputError(f"{entry.path}.pattern", f"is no regular expression ({error.msg})") from error
    return pattern


def _steps(reader: Reader, inputs: frozenset[str]) -> Iterator[Step]:
    before: list[str] = []
    for entry in reader.objects("steps", limit=STEPS):
        step = _step(entry, inputs, frozenset(before))
        before.append(step.id)
        yield step
    if not before:
        raise InputError(f"{reader.path}.steps", "must have one step at least")
    _once(reader, "steps", before)


def _step(entry: Reader, inputs: frozenset[str], before: frozenset[str]) -> Step:
    name = entry.text("id")
    if not _STEP.fullmatch(name):
        raise InputError(f"{entry.path}.id", "must be lower-case letters, digits, _ and -")
    each = entry.text("for_each", "")
    known = _Known(inputs, before)
    inside = _Known(inputs, before, item=bool(each))
    after = _Known(inputs, before | {name}, item=bool(each))
    step = Step(
        name,
        _line(entry, "words"),
        _line(entry, "tool"),
        _arguments(entry, inside),
        _condition(entry, "when", known) if entry.has("when") else None,
        _each(entry, each, known),
        _most(entry, each),
        _condition(entry, "expect", after) if entry.has("expect") else None,
        _compensation(entry, after),
        OnFailure(
            _one_of(entry, "on_failure", entry.text("on_failure", "compensate"), [way.value for way in OnFailure])
        ),
        entry.text("pause", "", limit=500),
    )
    entry.done()
    return step


def _each(entry: Reader, each: str, known: _Known) -> str:
    if each:
        _templates(each, f"{entry.path}.for_each", known)
        if not (each.startswith("{{") and each.endswith("}}") and each.count("{{") == 1):
            raise InputError(f"{entry.path}.for_each", "must be one template", 'such as "{{steps.orders.output.rows}}"')
    return each


def _most(entry: Reader, each: str) -> int:
    if not each:
        return 1
    return entry.integer("most", minimum=1, maximum=MOST)


def _arguments(entry: Reader, known: _Known) -> JsonObject:
    arguments = entry.mapping("arguments") if entry.has("arguments") else {}
    for name, value in arguments.items():
        _templates(value, f"{entry.path}.arguments.{name}", known)
    return arguments


def _condition(entry: Reader, name: str, known: _Known) -> Condition:
    reader = entry.object(name)
    value = reader.text("value")
    _templates(value, f"{reader.path}.value", known)
    given = [test for test in Comparison if test.value in reader.whole()]
    if len(given) != 1:
        raise InputError(reader.path, "must have one of is, is_not and over")
    than = reader.json(given[0].value)
    if given[0] is Comparison.OVER and (isinstance(than, bool) or not isinstance(than, int | float)):
        raise InputError(f"{reader.path}.over", "must be a number")
    condition = Condition(value, given[0], than, reader.text("words", "", limit=300))
    reader.done()
    return condition


def _compensation(entry: Reader, known: _Known) -> Compensation | None:
    if not entry.has("compensate"):
        return None
    if entry.json("compensate") == "undo":
        return Compensation()
    reader = entry.object("compensate")
    compensation = Compensation(_line(reader, "tool"), _arguments(reader, known))
    reader.done()
    return compensation


def _templates(value: Json, path: str, known: _Known) -> None:
    try:
        for found in paths_in(value):
            reason = _unknown(found, known)
            if reason:
                raise InputError(path, reason)
    except InputError as error:
        raise InputError(path, error.reason, error.fix) from error


def _unknown(path: tuple[str, ...], known: _Known) -> str:
    """Return what is wrong with where a template points; empty where nothing is."""
    root, *rest = path
    name = rest[0] if rest else ""
    if root == "inputs":
        return "" if len(rest) == 1 and name in known.inputs else f"speaks of the input {name!a}, which there is not"
    if root == "run":
        return "" if len(rest) == 1 and name in RUN else f"must be one of {', '.join(f'run.{word}' for word in RUN)}"
    if root == "item":
        return "" if known.item else "speaks of an item, and the step is not done for each of a list"
    if name not in known.steps:
        return f"speaks of the step {name!a}, which is not before this one"
    return "" if rest[1:2] == ["output"] else f"must go on with output: steps.{name}.output"


def _one_of(entry: Reader, name: str, word: str, words: list[str]) -> str:
    if word not in words:
        raise InputError(f"{entry.path}.{name}", f"must be one of {', '.join(words)}")
    return word


def _line(reader: Reader, name: str) -> str:
    text = reader.text(name, limit=300)
    if not text.strip() or not text.isprintable():
        raise InputError(f"{reader.path}.{name}", "must be one line of text")
    return text


def _once(reader: Reader, name: str, words: list[str]) -> None:
    twice = next((word for place, word in enumerate(words) if word in words[:place]), None)
    if twice is not None:
        raise InputError(f"{reader.path}.{name}", f"have {twice!a} twice")
