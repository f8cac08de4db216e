"""`${...}`: what a shell makes of a parameter and an operator, where both are static."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate
from typing import Final

from safety_core.classify.paths import HOLE
from safety_core.classify.shell.scope import Scope

MOST_MATCHED: Final = 256
"""Characters of a value in which patterns are sought: each of its beginnings or ends is tried."""

FROM_OUTSIDE: Final = re.compile(
    r"(?:PATH|SHELL|HOME|USER|LOGNAME|PWD|OLDPWD|TERM|LANG|HOSTNAME|HOSTTYPE|OSTYPE|MACHTYPE|TMPDIR|DISPLAY|EDITOR|PAGER"
    r"|VISUAL|RANDOM|SRANDOM|SECONDS|EPOCH\w+|LINENO|PPID|U?ID|EUID|GROUPS|SHLVL|_|[0?$!*-]|PS\d|OPT\w+|IFS|COLUMNS"
    r"|LINES|FUNCNAME|DIRSTACK|PIPESTATUS|REPLY|(?:LC|XDG|SSH|GPG|DBUS|BASH|ZSH|GIT|HIST|COMP|MAIL)\w*)"
)
"""Names that something else than the script may have given a value: never taken for unset."""

_WHOLE: Final = re.compile(r"-?\d{1,9}")
_CASES: Final[dict[str, Callable[[str], str]]] = {
    "^^": str.upper,
    ",,": str.lower,
    "^": lambda text: text[:1].upper() + text[1:],
    ",": lambda text: text[:1].lower() + text[1:],
    "~~": str.swapcase,
    "~": lambda text: text[:1].swapcase() + text[1:],
    "@U": str.upper,
    "@L": str.lower,
    "@u": lambda text: text[:1].upper() + text[1:],
}


def known_value(scope: Scope, name: str) -> str | None:
    """Return a value, a hole where it may come from outside, or None where it is taken for unset."""
    value = scope.value(name)
    if value is None and name == "PWD":
        return scope.cwd
    return HOLE if value is None and FROM_OUTSIDE.fullmatch(name) else value


def given_default(value: str | None, operator: str) -> bool:
    """Tell whether `${x:-word}` and its like put the word there."""
    missing = value is None or (operator.startswith(":") and not value)
    return missing is (operator[-1] != "+")


def changed(value: str, operator: str, argument: str) -> str:
    """Return what an operator other than a default makes of a value, a hole where that is not followed."""
    if HOLE in value or HOLE in argument or len(value) > MOST_MATCHED or len(argument) > MOST_MATCHED:
        return HOLE
    if operator == "length":
        return str(len(value))
    if operator == ":":
        return _slice(value, argument)
    if operator[0] in "#%":
        return _trimmed(value, operator, argument)
    if operator[0] == "/":
        return _replaced(value, operator, argument)
    case = _CASES.get(operator)
    return HOLE if case is None or argument else case(value)


def slice_of(argument: str, length: int) -> slice | None:
    """Return the part that `${x:2:3}` names of something that is `length` long; None where it is an expression."""
    numbers = [number.strip() for number in argument.split(":")]
    if len(numbers) > 2 or not all(_WHOLE.fullmatch(number) for number in numbers):
        return None
    start = int(numbers[0])
    start = max(length + start, 0) if start < 0 else start
    if len(numbers) == 1:
        return slice(start, None)
    count = int(numbers[1])
    return slice(start, length + count if count < 0 else start + count)


def _slice(value: str, argument: str) -> str:
    part = slice_of(argument, len(value))
    return HOLE if part is None else value[part]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(translate(text.replace("[^", "[!")))


def _trimmed(value: str, operator: str, argument: str) -> str:
    """Cut a beginning (`#`) or an end (`%`) that matches: the shortest, or with the sign doubled the longest."""
    pattern = _pattern(argument)
    lengths = range(len(value) + 1) if len(operator) == 1 else range(len(value), -1, -1)
    for length in lengths:
        piece = value[:length] if operator[0] == "#" else value[len(value) - length :]
        if pattern.match(piece):
            return value[length:] if operator[0] == "#" else value[: len(value) - length]
    return value


def _replaced(value: str, operator: str, argument: str) -> str:
    """Replace plain text; patterns, whose longest match counts, are not followed."""
    old, _, new = argument.partition("/")
    if not old or any(sign in argument for sign in "*?[\\&"):
        return HOLE
    match operator:
        case "//":
            return value.replace(old, new)
        case "/#":
            return new + value[len(old) :] if value.startswith(old) else value
        case "/%":
            return value[: -len(old)] + new if value.endswith(old) else value
        case _:
            return value.replace(old, new, 1)
