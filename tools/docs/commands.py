"""Every command of `safety`, as the commands themselves tell it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Final

import click

from safety_core.cli.main import cli

HEAD: Final = """\
# Commands

Made from the program: `safety COMMAND --help` says the same in a terminal.

| exit status | |
|---|---|
| 0 | done |
| 1 | findings, or a refusal, where the command is a check; the command's own text says when |
| 2 | bad usage or input |
| 3 | an internal error: report it, with the line it printed |
| 130 | stopped by whoever ran it |

Errors are one line on the standard error stream: the thing, the reason, the fix. Every command takes `-h` and `--help`.
"""


def every_command() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield the words, the command and its context, in the order of the help; groups before what is in them."""
    yield from _below("safety", cli, click.Context(cli, info_name="safety"))


def page() -> str:
    """Return the page of all commands."""
    told = [HEAD]
    for words, command, context in every_command():
        if words == "safety":
            continue
        told.append(f"{'##' if words.count(' ') == 1 else '###'} {words}\n\n{_prose(command.help or '')}\n")
        if not isinstance(command, click.Group):
            told.append(f"```console\n{' '.join([words, *command.collect_usage_pieces(context)])}\n```\n")
            told.append(_options(command, context))
    return "\n".join(told)


def _below(
    words: str, command: click.Command, context: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield words, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                yield from _below(f"{words} {name}", found, click.Context(found, parent=context, info_name=name))


def _prose(text: str) -> str:
    """Return a command's help: paragraphs, and what stands behind click's `\\b` as it is."""
    told = []
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        if paragraph.startswith("\b"):
            as_it_is = paragraph.removeprefix("\b").strip("\n")
            told.append(f"```text\n{as_it_is}\n```")
        else:
            told.append(_plain(" ".join(paragraph.split())))
    return "\n\n".join(told)


def _options(command: click.Command, context: click.Context) -> str:
    rows = [record for entry in command.get_params(context) if (record := entry.get_help_record(context))]
    rows = [(names, words) for names, words in rows if "--help" not in names]
    if not rows:
        return ""
    lines = "".join(f"| `{_cell(names)}` | {_cell(_plain(words))} |\n" for names, words in rows)
    return f"| option | |\n|---|---|\n{lines}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _plain(text: str) -> str:
    """Return text in which nothing but what stands between backticks is Markdown."""
    parts = text.split("`")
    return "`".join(part if index % 2 else re.sub(r"([*_<\[])", r"\\\1", part) for index, part in enumerate(parts))
