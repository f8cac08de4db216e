"""A call's arguments, read strictly: what is judged by its text must be that text, and a name must be a name."""

from __future__ import annotations

import re
from typing import Final

from safety_core.canonical import Json
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError
from safety_core.model.secret import refs_in

CONTAINER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
IMAGE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.:/@-]{0,254}[A-Za-z0-9])?")
VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def name_of(request: Request, argument: str, default: str | None = None) -> str:
    """Return the name of a container, volume or network."""
    return _named(request, argument, CONTAINER, default)


def image_of(request: Request, argument: str) -> str:
    """Return the name of an image."""
    return _named(request, argument, IMAGE, None)


def text(request: Request, argument: str, default: str = "") -> str:
    """Return a text that holds no secret."""
    value = request.arguments.get(argument, default)
    if not isinstance(value, str) or "\x00" in value or refs_in([value]):
        raise ExecutionError(f"argument {argument}", "must be text without a secret")
    return value


def command(request: Request) -> list[str] | None:
    """Return the words of the command: a text is one for the container's shell. None where none is given."""
    value = request.arguments.get("command")
    if value is None:
        return None
    words: list[Json] = ["/bin/sh", "-c", value] if isinstance(value, str) else value if isinstance(value, list) else []
    if not words or not all(isinstance(word, str) and "\x00" not in word for word in words):
        raise ExecutionError("argument command", "must be a text, or a list of words")
    if refs_in(words):
        fix = "put it into env, and let the command read the variable"
        raise ExecutionError("argument command", "holds a secret, which `ps` would show on this machine", fix)
    return [str(word) for word in words]


def environment(request: Request) -> list[str]:
    """Return NAME=value, with secrets filled in."""
    value = request.arguments.get("env", {})
    if not isinstance(value, dict) or not all(VARIABLE.fullmatch(name) for name in value):
        raise ExecutionError("argument env", "must be a mapping of names to texts")
    filled = {name: request.filled(item) for name, item in value.items()}
    if not all(isinstance(item, str) and "\x00" not in item for item in filled.values()):
        raise ExecutionError("argument env", "must be a mapping of names to texts")
    return [f"{name}={item}" for name, item in filled.items()]


def _named(request: Request, argument: str, form: re.Pattern[str], default: str | None) -> str:
    value: Json = request.arguments.get(argument, default)
    if not isinstance(value, str) or not form.fullmatch(value) or ".." in value or "//" in value:
        raise ExecutionError(f"argument {argument}", "must be a name of letters, digits, and . _ - between them")
    return value
