"""What click says about a wrong command line -> our own form: the thing, the reason, the fix."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

import click

from safety_core.errors import InputError

_EXTRA: Final = "Got unexpected extra argument"
_NO_COMMAND: Final = re.compile(r"No such command '([^']*)'")


def usage_error(error: click.ClickException) -> InputError:
    """Return `error` as one of ours. It quotes no further argument: somebody may have written a secret there."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "safety"
    fix = f"see {command} --help"
    if isinstance(error, click.FileError):
        return InputError(error.ui_filename, f"cannot be opened ({error.message})", "is the path right?")
    if isinstance(error, click.NoSuchOption):
        return InputError(f"option {error.option_name}", "does not exist", _suggested(error.possibilities) or fix)
    if isinstance(error, click.BadOptionUsage):
        reason = error.message.removeprefix(f"Option {error.option_name!r} ")
        return InputError(f"option {error.option_name}", _clause(reason), fix)
    if isinstance(error, click.MissingParameter):
        return InputError(_named(error.param, command), "is not given", fix)
    if isinstance(error, click.BadParameter):
        return InputError(_named(error.param, command), _clause(error.message), fix)
    if error.message.startswith(_EXTRA):
        return InputError(command, "is given more arguments than it takes", fix)
    return InputError(command, _clause(error.message), _meant(error.message, context) or fix)


def _meant(message: str, context: click.Context | None) -> str:
    """Return which command was most likely meant by one that is not there; empty for none."""
    typed = _NO_COMMAND.match(message)
    if typed is None or context is None or not isinstance(context.command, click.Group):
        return ""
    return _suggested(get_close_matches(typed[1], context.command.list_commands(context), n=1))


def _named(parameter: click.Parameter | None, command: str) -> str:
    if parameter is None:
        return command
    return max(parameter.opts, key=len) if isinstance(parameter, click.Option) else parameter.human_readable_name


def _clause(message: str) -> str:
    """Return a sentence of click's without its capital and its full stop."""
    return message[:1].lower() + message[1:].rstrip(".")


def _suggested(names: object) -> str:
    found = [str(name) for name in names] if isinstance(names, list | tuple) else []
    return f"did you mean {' or '.join(found)}?" if found else ""
