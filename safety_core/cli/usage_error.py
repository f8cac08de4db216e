"""What click says about a wrong command line -> our own form: the thing, the reason, the fix."""

from __future__ import annotations

from typing import Final

import click

from safety_core.errors import InputError

_EXTRA: Final = "Got unexpected extra argument"


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
    return InputError(command, _clause(error.message), fix)


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
