"""A file of secrets, read whole: what may be kept, what is left out, and every entry that is refused."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from safety_core.errors import InputError, SafetyError
from safety_core.match.common_value import check_value
from safety_core.model.secret import SecretName, SecretValue, new_secret_name
from safety_core.wire.reader import Reader

VALUE_LIMIT: Final = 1024 * 1024
"""Characters of one value."""

_LONGEST: Final = 64
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(slots=True)
class Entries:
    """What a file says.

    Attributes:
        found: what may be kept.
        refused: one error for each entry that may not; its thing is the place.
        empty: places and names of entries without a value.
    """

    found: dict[SecretName, SecretValue] = field(default_factory=dict)
    refused: list[SafetyError] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    def add(self, place: str, name: str, text: str) -> None:
        """Take up one entry under the name that it has."""
        try:
            checked = new_secret_name(name)
            if not text:
                self.empty.append(f"{place}: {checked}")
                return
            if len(text) > VALUE_LIMIT:
                raise InputError(f"secret {checked}", f"is longer than {VALUE_LIMIT} characters")
            value = SecretValue(text)
            check_value(value, f"secret {checked}")
        except SafetyError as error:
            self.refused.append(placed(place, error))
        else:
            self.found[checked] = value

    def add_titled(self, place: str, titles: tuple[str, ...], text: str) -> None:
        """Take up one entry under a name made of its titles ("GitHub (work)", "token" -> GitHub_work.token)."""
        name = name_of(titles)
        if name in self.found and self.found[SecretName(name)] != SecretValue(text):
            fix = "give one of the two another title, and export again"
            self.refused.append(InputError(f"{place}: secret {name}", "is there twice, with two values", fix))
            return
        self.add(place, name, text)


def name_of(titles: tuple[str, ...]) -> str:
    """Return a secret's name made of titles: what cannot stand in one becomes an underscore."""
    words = [_FOREIGN.sub("_", title).strip("_.-") for title in titles]
    name = ".".join(word for word in words if word)
    if not name[:1].isalpha():
        name = f"secret_{name}" if name else "secret"
    return name[:_LONGEST].rstrip("_.-")


def placed(place: str, error: SafetyError) -> SafetyError:
    """Return `error` of its own class with the place in front."""
    return type(error)(f"{place}: {error.thing}", error.reason, error.fix)


def line_of(text: object) -> str:
    """Return `text` as one line that a terminal shows and does not obey: a file's names are somebody else's words."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in str(text))


def rows_of(raw: bytes, file: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV export with their lines. Raises InputError: it is none."""
    csv.field_size_limit(VALUE_LIMIT)
    reader = csv.DictReader(io.StringIO(text_of(raw, file)))
    try:
        for number, row in enumerate(reader, 2):
            yield number, {name or "": text for name, text in row.items() if isinstance(text, str)}
    except csv.Error as error:
        raise InputError(f"{file}, line {reader.line_num}", f"is no CSV ({error})", "export it anew") from error


def read_object(entries: Entries, raw: bytes, file: str) -> None:
    """Take up a flat JSON object of names and values."""
    body = Reader.parse(raw, file)
    for name in body.keys():  # noqa: SIM118 - a reader is no mapping
        try:
            text = body.text(name, limit=VALUE_LIMIT)
        except InputError as error:
            entries.refused.append(error)
        else:
            entries.add(file, name, text)


def read_lines(entries: Entries, raw: bytes, file: str) -> None:
    """Take up lines NAME=value."""
    for number, line in _lines(text_of(raw, file)):
        place = f"{file}, line {number}"
        name, sign, value = line.removeprefix("export ").partition("=")
        if sign:
            entries.add(place, name.strip(), _unquoted(value.strip()))
        else:
            entries.refused.append(InputError(place, "is not NAME=value", "begin a comment with #"))


def text_of(raw: bytes, file: str) -> str:
    """Return a file's text, without a mark of its encoding. Raises InputError."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(file, "is not UTF-8 text", "write lines NAME=value, or a JSON object") from error


def told(value: Mapping[str, object], name: str) -> str:
    """Return a text of somebody's JSON, empty where there is none."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield every line that says something, with its number."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
