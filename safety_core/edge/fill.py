"""References in a text -> their values, written as the place demands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from safety_core.errors import UnknownSecretError
from safety_core.model.secret import REFERENCE, SecretName, SecretValue


def fill(text: str, values: Mapping[SecretName, SecretValue], written: Callable[[str], str] = str) -> str:
    """Return `text` with each reference replaced by `written(value)`.

    Raises:
        UnknownSecretError: a value is missing.
    """
    return REFERENCE.sub(lambda match: written(value_of(SecretName(match[1]), values)), text)


def value_of(name: SecretName, values: Mapping[SecretName, SecretValue]) -> str:
    """Return the value of one secret, or raise UnknownSecretError."""
    if name not in values:
        raise UnknownSecretError(f"secret {name}", "was not handed to the execution")
    return values[name].reveal()
