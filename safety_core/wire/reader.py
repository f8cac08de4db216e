"""Typed access to untrusted JSON: one line per field, and every refusal names the field.

body = Reader.parse(raw, "tool call")
call = body.object("call")
tool = call.text("tool", limit=200)
body.done()                          # refuses fields that nobody read
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Final

from safety_core.canonical import Json, JsonObject, canonical_bytes
from safety_core.errors import InputError, LimitError

DEPTH: Final = 64
"""Deeper nesting serves no tool and breaks recursive parsers."""

_MANY_DIGITS: Final = re.compile(rb"[0-9]{16}")
"""2**53 has sixteen."""

BODY_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of one message between our own parts."""


def parse_json(raw: bytes | str, what: str) -> Json:
    """Return the JSON document in `raw`.

    Raises:
        InputError: malformed, not UTF-8, with duplicate keys, NaN or infinities, or lone surrogates.
        LimitError: nested deeper than `DEPTH`.
    """
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        value: Json = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise InputError(what, "is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise InputError(what, f"is not JSON (line {error.lineno}, column {error.colno})") from error
    except ValueError as error:  # Python's own limit on the digits of an integer
        raise LimitError(what, "holds a number with too many digits") from error
    except RecursionError as error:
        raise LimitError(what, f"is nested deeper than {DEPTH}") from error
    except InputError as error:
        raise InputError(what, error.reason) from error
    if "\\u" in text or text.count("[") + text.count("{") > DEPTH:
        check_shape(value, what)
    else:  # neither can it be too deep, nor hold half a pair but as it stands
        _check_text(text, what)
    return value


def check_retold(raw: bytes, what: str) -> None:
    """Refuse a canonical document that could not be told again once it was read.

    1e18 is written as a whole number (RFC 8785), and a whole number so large has no canonical form.
    """
    if _MANY_DIGITS.search(raw):
        try:
            canonical_bytes(parse_json(raw, what))
        except InputError as error:
            raise InputError(what, "holds a whole number past 2**53", "write it as text") from error


def check_shape(value: Json, what: str) -> None:
    """Refuse what no part of the gateway can carry on: too deep, or text that is not Unicode."""
    level: list[Json] = [value]
    for _ in range(DEPTH + 1):
        below: list[Json] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item, what)
            elif isinstance(item, float) and not math.isfinite(item):
                raise InputError(what, "holds a number that is too large")
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
        if not below:
            return
        level = below
    raise LimitError(what, f"is nested deeper than {DEPTH}")


def _check_text(text: str, what: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(what, "holds half a surrogate pair") from error


def _unique(pairs: list[tuple[str, Json]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InputError("JSON", "has the same key twice")
    return found


def _refuse_constant(name: str) -> Json:
    raise InputError("JSON", f"holds {name}, which is not a number")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise InputError("JSON", "holds a number that is too large")
    return value


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant)


class Reader:
    """One JSON object, read field by field."""

    __slots__ = ("_fields", "_path", "_seen")

    def __init__(self, value: Json, path: str) -> None:
        if not isinstance(value, dict):
            raise InputError(path, "must be an object")
        self._fields = value
        self._path = path
        self._seen: set[str] = set()

    @classmethod
    def parse(cls, raw: bytes | str, what: str) -> Reader:
        """Parse `raw` as one JSON object."""
        return cls(parse_json(raw, what), what)

    @property
    def path(self) -> str:
        """Where this object stands in the message, for errors about what a field holds."""
        return self._path

    def _take(self, name: str) -> Json:
        self._seen.add(name)
        if name not in self._fields:
            raise InputError(f"{self._path}.{name}", "is missing")
        return self._fields[name]

    def has(self, name: str) -> bool:
        """Tell whether the field is there and is not null."""
        self._seen.add(name)
        return self._fields.get(name) is not None

    def text(self, name: str, default: str | None = None, *, limit: int = 4096) -> str:
        """Return a text field of at most `limit` characters."""
        if default is not None and not self.has(name):
            return default
        value = self._take(name)
        if not isinstance(value, str):
            raise InputError(f"{self._path}.{name}", "must be text")
        if len(value) > limit:
            raise LimitError(f"{self._path}.{name}", f"is longer than {limit} characters")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """Return a number."""
        if default is not None and not self.has(name):
            return default
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{self._path}.{name}", "must be a number")
        try:
            return float(value)
        except OverflowError as error:  # a whole number of hundreds of digits
            raise LimitError(f"{self._path}.{name}", "is too large") from error

    def integer(self, name: str, default: int | None = None, *, minimum: int = 0, maximum: int = 2**53) -> int:
        """Return a whole number in [minimum, maximum]."""
        if default is not None and not self.has(name):
            return default
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InputError(f"{self._path}.{name}", "must be a whole number")
        if not minimum <= value <= maximum:
            raise InputError(f"{self._path}.{name}", f"must lie in {minimum} to {maximum}")
        return value

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Return true or false."""
        if default is not None and not self.has(name):
            return default
        value = self._take(name)
        if not isinstance(value, bool):
            raise InputError(f"{self._path}.{name}", "must be true or false")
        return value

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of texts."""
        if default is not None and not self.has(name):
            return default
        value = self._take(name)
        if not isinstance(value, list):
            raise InputError(f"{self._path}.{name}", "must be a list of texts")
        found = tuple(item for item in value if isinstance(item, str))
        if len(found) != len(value):
            raise InputError(f"{self._path}.{name}", "must be a list of texts")
        return found

    def object(self, name: str) -> Reader:
        """Return a reader of the object in this field."""
        return Reader(self._take(name), f"{self._path}.{name}")

    def objects(self, name: str, *, limit: int = 10_000) -> Iterator[Reader]:
        """Yield a reader for each object of a list."""
        value = self._take(name)
        if not isinstance(value, list):
            raise InputError(f"{self._path}.{name}", "must be a list of objects")
        if len(value) > limit:
            raise LimitError(f"{self._path}.{name}", f"has more than {limit} items")
        for index, item in enumerate(value):
            yield Reader(item, f"{self._path}.{name}[{index}]")

    def json(self, name: str) -> Json:
        """Return a field of any shape."""
        return self._take(name)

    def mapping(self, name: str) -> JsonObject:
        """Return an object as it is."""
        value = self._take(name)
        if not isinstance(value, dict):
            raise InputError(f"{self._path}.{name}", "must be an object")
        return value

    def whole(self) -> JsonObject:
        """Return this object as it is."""
        return self._fields

    def keys(self) -> tuple[str, ...]:
        """Return the names of all fields, for objects whose keys are data; each still has to be read."""
        return tuple(self._fields)

    def unread(self) -> int:
        """Return how many fields nobody has read, for messages of newer parts, whose further fields are passed over."""
        return len(set(self._fields) - self._seen)

    def done(self) -> None:
        """Refuse fields that nobody has read: a misspelt field must not pass as an absent one.

        The error names the fields there are, not the one that came: its name may be a secret.
        """
        if self.unread():
            raise InputError(
                self._path, "has a field that is not known", f"its fields are {', '.join(sorted(self._seen))}"
            )
