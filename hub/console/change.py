"""Changing the arguments of a call: a form over them, checked here, judged anew and asked about anew by the edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from hub.approvals import editing
from hub.console.asked import Asked, approver_of, full, to_answer
from hub.console.exact import Argument, arguments, kind_of, pretty
from hub.console.visit import PageRoutes, Visit
from hub.store import deeds
from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError, LimitError, SafetyError
from safety_core.wire.reader import parse_json

WHOLE: Final = "arguments"
"""The field that holds all arguments as JSON."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form. `text` is what stands in it, `wrong` what is wrong with that."""

    name: str
    argument: Argument
    text: str
    wrong: str = ""


async def ask_change(visit: Visit) -> Response:
    """Show the form: a field for each argument, or (?whole) one for all of them as JSON."""
    asked = await to_answer(visit)
    return await _form(visit, asked, {}, whole="whole" in visit.request.query_params)


async def change(visit: Visit) -> Response:
    """Send the changed arguments to the edge."""
    form = await visit.form()
    asked = await to_answer(visit)
    question = asked.first.request
    approver = approver_of(visit, asked.tenant)
    try:
        await editing.edit(visit.context, approver, question.id, read(question.params, form))
    except (InputError, LimitError) as error:
        return await _form(visit, asked, form, whole=WHOLE in form, error=error)
    async with visit.context.database.write() as connection:
        await deeds.note(connection, visit.deed("change", question.id, asked.tenant))
    return visit.go(f"/?changed={asked.tenant}/{question.id}")


def read(params: JsonObject, form: Mapping[str, str]) -> JsonObject:
    """Return the arguments that a form holds. Raises InputError where they are none, or the same as before."""
    told: JsonObject
    if WHOLE in form:
        told = _whole(form[WHOLE])
    else:
        entries = list(fields(params, form))
        wrong = next((entry for entry in entries if entry.wrong), None)
        if wrong is not None:
            raise InputError(f"argument {wrong.argument.name}", wrong.wrong)
        read_as = {entry.argument.name: _value(params[entry.argument.name], entry.text) for entry in entries}
        told = {name: read_as[name] for name in params}
    if pretty(told) == pretty(params):
        raise InputError("arguments", "are the same as before", "change one of them, or go back")
    return told


def fields(params: JsonObject, form: Mapping[str, str]) -> Iterator[Field]:
    """Yield the form's fields, with what stands in them and what is wrong with it."""
    for place, argument in enumerate(arguments(params)):
        name = f"argument-{place}"
        text = form.get(name, argument.text)
        try:
            _value(params[argument.name], text)
        except InputError as error:
            yield Field(name, argument, text, error.reason)
        else:
            yield Field(name, argument, text)


def _value(before: Json, text: str) -> Json:
    """Return what a field says: text as it is, anything else as JSON of the same kind."""
    if isinstance(before, str):
        return before if _lines(text) == _lines(before) else _ended_as(before, _lines(text))
    try:
        value = parse_json(text.encode(), "argument")
    except InputError as error:
        raise InputError("argument", f"must be a {kind_of(before)}, written as JSON") from error
    if before is not None and kind_of(value) != kind_of(before):
        raise InputError("argument", f"must be a {kind_of(before)}, written as JSON")
    return value


def _whole(text: str) -> JsonObject:
    value = parse_json(text.encode(), "arguments")
    if not isinstance(value, dict):
        raise InputError("arguments", "must be one JSON object", "begin with { and end with }")
    return value


def _lines(text: str) -> str:
    """Return text with each line ended as JSON has it: forms end them with CRLF (HTML, 4.10.22.5)."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _ended_as(before: str, text: str) -> str:
    return text.replace("\n", "\r\n") if "\r\n" in before else text


async def _form(
    visit: Visit, asked: Asked, form: Mapping[str, str], *, whole: bool, error: SafetyError | None = None
) -> Response:
    params = asked.first.request.params
    return visit.render(
        "change.html",
        card=await full(visit, asked.first),
        fields=[] if whole else tuple(fields(params, form)),
        whole=form.get(WHOLE, pretty(params)) if whole else None,
        error=error,
    )


ROUTES: Final[PageRoutes] = (
    ("GET", "/questions/{tenant}/{id}/edit", ask_change),
    ("POST", "/questions/{tenant}/{id}/edit", change),
)
