"""What people fill in, checked: text from a command line -> values of the blanks."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

from safety_core.canonical import Json
from safety_core.errors import InputError
from safety_core.model.blueprint import Blueprint, Input, InputType

LINE: Final = 500
"""Characters of a text of one line."""

MANY: Final = 20_000
"""Characters of any other text."""

_EMAIL: Final = re.compile(r"[^\s@,;:<>()\[\]\"%!\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


def filled_in(blueprint: Blueprint, given: Mapping[str, str]) -> dict[str, Json]:
    """Return the values of all blanks.

    Raises:
        InputError: naming the blank that is missing, not known, or not of its kind.
    """
    known = {blank.name: blank for blank in blueprint.inputs}
    for name in given:
        if name not in known:
            raise InputError(f"input {name[:40]!a}", "is not known", f"{blueprint.id} asks for {', '.join(known)}")
    return {name: _value(blank, given) for name, blank in known.items()}


def _value(blank: Input, given: Mapping[str, str]) -> Json:
    if blank.name in given:
        return checked(blank, given[blank.name])
    if blank.default is None:
        raise InputError(f"input {blank.name}", f"is missing: {blank.question}", f"--input {blank.name}=...")
    return blank.default


def checked(blank: Input, text: str) -> Json:
    """Return what `text` means for a blank. Raises InputError where it is not of its kind."""
    value = _KINDS[blank.type](blank, text)
    if blank.choices and text not in blank.choices:
        raise _wrong(blank, f"must be one of {', '.join(blank.choices)}")
    if blank.pattern and not re.fullmatch(blank.pattern, text):
        raise _wrong(blank, f"is no answer to: {blank.question} It must match {blank.pattern}")
    return value


def _line(blank: Input, text: str) -> Json:
    if len(text) > LINE or any(unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"} for sign in text):
        raise _wrong(blank, f"must be one line of at most {LINE} characters")
    if not text.strip():
        raise _wrong(blank, "must not be empty")
    return text


def _words(blank: Input, text: str) -> Json:
    if len(text) > MANY or not text.strip():
        raise _wrong(blank, f"must be a text of at most {MANY} characters")
    return text


def _email(blank: Input, text: str) -> Json:
    if len(text) > LINE or not _EMAIL.fullmatch(text):
        raise _wrong(blank, "must be one plain address, such as ann@example.com")
    return text


def _number(blank: Input, text: str) -> Json:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(blank, "must be a number")
    return int(value) if value.is_integer() else value


def _integer(blank: Input, text: str) -> Json:
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise _wrong(blank, "must be a whole number")
    return int(text)


def _date(blank: Input, text: str) -> Json:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _wrong(blank, "must be a day, such as 2027-01-31") from None


def _moment(blank: Input, text: str) -> Json:
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        raise _wrong(blank, "must be a moment, such as 2027-01-31T09:30:00+01:00") from None


def _wrong(blank: Input, reason: str) -> InputError:
    return InputError(f"input {blank.name}", reason, f"--input {blank.name}=...")


_KINDS: Final[Mapping[InputType, Callable[[Input, str], Json]]] = {
    InputType.TEXT: _line,
    InputType.WORDS: _words,
    InputType.EMAIL: _email,
    InputType.NUMBER: _number,
    InputType.INTEGER: _integer,
    InputType.DATE: _date,
    InputType.MOMENT: _moment,
}
