"""A value that never prints, and the way to refer to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NewType, NoReturn

from safety_core.canonical import Json
from safety_core.errors import InputError
from safety_core.model.tool_call import AgentId

SecretName = NewType("SecretName", str)

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
"""Names are ASCII, so that a reference needs no escaping in JSON, a shell, a URL or a header."""

REFERENCE: Final = re.compile(r"SECRET_REF\(([A-Za-z][A-Za-z0-9_.-]{0,63})\)")


DISCOVERED: Final = "found_"
"""How the names of secrets begin that a scanner found, and no person registered."""


@dataclass(frozen=True, slots=True)
class Use:
    """Who wants a secret, and for what; all of it is free of secrets itself.

    Attributes:
        agent: whose call or prompt it is.
        tool: canonical name of the tool that is called; `PROMPT` where a request to a model is sent with it.
        call: id of the call, or of the request.
    """

    agent: AgentId
    tool: str
    call: str


PROMPT: Final = "prompt"
"""What the use of a model provider's key is called where others name a tool."""

PREVIOUS: Final = ".previous"
"""Behind the name of a secret: the value that it had before its last rotation, as long as that still counts."""


class SecretValue:
    """Holds one secret. Shows nothing of it: not its text, not its length, not a hash.

    `reveal()` is the only way out, so that every place where a value appears is found by one search.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the value itself. Callers: the matcher's needles, the vault's seal, the executed child."""
        return self.__value

    def __repr__(self) -> str:
        return "SecretValue(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretValue) and self.__value == other.__value

    def __hash__(self) -> int:
        return hash(self.__value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a SecretValue is never pickled or copied")


def secret_name(text: str) -> SecretName:
    """Return `text` as a secret's name, or raise InputError."""
    if not NAME.fullmatch(text):
        raise InputError("secret name", "must be 1 to 64 of A-Z a-z 0-9 _ . - and begin with a letter")
    return SecretName(text)


def new_secret_name(text: str) -> SecretName:
    """Return `text` as the name of a secret that is to be kept, or raise InputError: also where it means another."""
    name = secret_name(text)
    if name.endswith(PREVIOUS):
        raise InputError("secret name", f"must not end in {PREVIOUS}, which means an earlier value", "take another")
    return name


def reference(name: SecretName) -> str:
    """Return the text that stands for the secret everywhere a model or log can see."""
    return f"SECRET_REF({name})"


def references(text: str) -> tuple[SecretName, ...]:
    """Return the names of all secrets that `text` refers to, in order, without repeats."""
    return tuple(dict.fromkeys(SecretName(name) for name in REFERENCE.findall(text)))


def refs_in(value: Json) -> tuple[SecretName, ...]:
    """Return the names of all secrets that any text in `value` refers to, keys included, in order, without repeats."""
    return tuple(dict.fromkeys(name for text in texts_in(value) for name in references(text)))


def texts_in(value: Json) -> Iterator[str]:
    """Yield every text in `value`, keys included, in order."""
    stack: list[Json] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            for key, entry in reversed(item.items()):
                stack.extend((entry, key))
