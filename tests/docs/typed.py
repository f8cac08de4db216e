"""What a person would type: each `safety` in a line, put to the program's own command line without being run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click

from safety_core.cli.main import cli

BEFORE = r"^(?:\$ )?|[|;&(@]|\$\(|\b(?:sudo|exec|xargs|then|do|if|time|env)\b[^|;&\n]*?\s"
BEGINS = rf"(?:{BEFORE})\s*(?:\.venv/bin/|[\w./-]*/bin/)?"
INVOCATION = re.compile(BEGINS + r"safety (?=[a-z-])((?:'[^']*'|\"[^\"]*\"|[^|;&<>#`)\n'\"])*)", re.MULTILINE)
COLUMN = re.compile(r" {2,}")
NO_COMMAND = re.compile(r" (?:[0-9]?>{1,2}|<) *(?:&[0-9]|\S+)| (?:-[ugo]|--\w+)[ =]safety(?::safety)?\b")
"""A redirection, or a user of that name."""
EACH = re.compile(r"\$\(sed 's/\^/(--[a-z-]+) /' [\w.]+\)")
"""An option that is given once for each line of a file."""
VALUE = "1"
"""What stands for a value that the shell would put in."""


def invocations(text: str, *, remarks: bool = False) -> Iterator[list[str]]:
    """Yield the words of each `safety` command in a script; behind two blanks stand remarks, where there are such."""
    for line in text.replace("\\\n", " ").splitlines():
        shown = NO_COMMAND.sub("", COLUMN.split(line, maxsplit=1)[0] if remarks else line)
        shown = EACH.sub(rf"\1 {VALUE}", shown)
        for found in INVOCATION.finditer(re.sub(r"\$\((?!safety)[^()]*\)|\$\{?\w+\}?", VALUE, shown)):
            yield shlex.split(found[1].translate({ord("["): "", ord("]"): ""}))


def complaint(words: list[str]) -> str:
    """Return what the command line says against these words, or nothing. Files need not be there, values may lack."""
    command: click.Command | None = cli
    rest = list(words)
    context = click.Context(cli, info_name="safety")
    while isinstance(command, click.Group):
        try:
            context = command.make_context(command.name, list(rest), parent=context, resilient_parsing=True)
        except (click.exceptions.Exit, click.exceptions.NoArgsIsHelpError):
            return ""
        except click.UsageError as error:
            return error.message
        rest = [*context._protected_args, *context.args]
        if not rest:
            return ""
        command = command.get_command(context, rest.pop(0))
    if command is None:
        return "no such command"
    try:
        command.make_context("safety", rest, parent=context)
    except click.MissingParameter as error:
        return f"{error.param and error.param.name} is missing" if len(words) > 2 else ""
    except (click.exceptions.Exit, click.BadParameter):
        return ""
    except click.UsageError as error:
        return error.message
    return ""
