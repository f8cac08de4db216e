"""A file of secrets, read whole: what may be kept, what is left out, and every line that is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from safety_core.errors import InputError, SafetyError
from safety_core.match.common_value import check_value
from safety_core.model.secret import SecretName, SecretValue, secret_name
from safety_core.wire.reader import Reader

_VALUE_LIMIT = 1024 * 1024
"""Characters of one value."""


@dataclass(slots=True)
class SecretFile:
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
        """Take up one entry."""
        try:
            checked = secret_name(name)
            if not text:
                self.empty.append(f"{place}: {checked}")
                return
            value = SecretValue(text)
            check_value(value, f"secret {checked}")
        except SafetyError as error:
            self.refused.append(placed(place, error))
        else:
            self.found[checked] = value


def read_secrets(raw: bytes, file: str) -> SecretFile:
    """Return what a JSON object of names and values says, or lines NAME=value.

    Args:
        file: how the errors call it.

    Raises:
        InputError: it is neither, or holds no entry at all.
    """
    secrets = SecretFile()
    if raw.lstrip().startswith(b"{"):
        _read_object(secrets, raw, file)
    else:
        _read_lines(secrets, raw, file)
    if not (secrets.found or secrets.refused or secrets.empty):
        raise InputError(file, "holds no secret, so 0 are kept", "write lines NAME=value, or a JSON object")
    return secrets


def placed(place: str, error: SafetyError) -> SafetyError:
    """Return `error` of its own class with the place in front."""
    return type(error)(f"{place}: {error.thing}", error.reason, error.fix)


def _read_object(secrets: SecretFile, raw: bytes, file: str) -> None:
    body = Reader.parse(raw, file)
    for name in body.keys():  # noqa: SIM118 - a reader is no mapping
        try:
            text = body.text(name, limit=_VALUE_LIMIT)
        except InputError as error:
            secrets.refused.append(error)
        else:
            secrets.add(file, name, text)


def _read_lines(secrets: SecretFile, raw: bytes, file: str) -> None:
    for number, line in _lines(raw, file):
        place = f"{file}, line {number}"
        name, sign, value = line.removeprefix("export ").partition("=")
        if sign:
            secrets.add(place, name.strip(), _unquoted(value.strip()))
        else:
            secrets.refused.append(InputError(place, "is not NAME=value", "begin a comment with #"))


def _lines(raw: bytes, file: str) -> Iterator[tuple[int, str]]:
    """Yield every line that says something, with its number."""
    try:
        lines = raw.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(file, "is not UTF-8 text") from error
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
