"""`safety policy new`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from safety_core.bundle.begun import begun_program, begun_rule, begun_tool
from safety_core.bundle.gather import gather
from safety_core.cli.policy.seam import compiled
from safety_core.edge.files import replace_file
from safety_core.edge.shipped import load_folder
from safety_core.errors import InputError
from safety_core.model.facts import Kind
from safety_core.model.level import Level

KINDS: Final = tuple(kind.value for kind in Kind)

into_option = click.option(
    "--policies",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="The folder of policy sources to write into.",
)


@click.group()
def new() -> None:
    """Begin a rule, or an entry of the catalogue. What is written passes check and test as it is.

    \b
    safety policy new rule deletes_backups --policies policies
    safety policy new program till --effect read --policies policies
    safety policy new tool refund_order --effect money --policies policies
    """


@new.command("rule")
@into_option
@click.option(
    "--level",
    type=click.Choice([level.word for level in Level]),
    metavar="LEVEL",
    default=Level.RED.word,
    show_default=True,
    help=f"How grave it is, one of {', '.join(level.word for level in Level)}.",
)
@click.option(
    "--kind",
    type=click.Choice([*KINDS]),
    metavar="EFFECT",
    default=Kind.DESTROY.value,
    show_default=True,
    help=f"What an action has to be for the rule to be asked, one of {', '.join(KINDS)}.",
)
@click.argument("id_", metavar="ID")
def new_rule(policies: Path, level: str, kind: str, id_: str) -> None:
    """Write rules/ID/ID.rego with its METADATA, and tests beside it.

    It fires for nothing but a target that bears its name, until somebody writes down what it is about.
    """
    _write(policies, begun_rule(id_, Level[level.upper()], Kind(kind)))
    click.echo("next: write the condition and the reason, then")
    click.echo(f"  safety policy test --policies {policies}")
    click.echo(f"  safety policy check --policies {policies}")


@new.command("program")
@into_option
@click.option(
    "--effect",
    type=click.Choice([*KINDS]),
    metavar="EFFECT",
    default=Kind.READ.value,
    show_default=True,
    help=f"What it does without a subcommand, one of {', '.join(KINDS)}.",
)
@click.argument("name")
def new_program(policies: Path, effect: str, name: str) -> None:
    """Write catalogue/NAME.yaml: what a program does. Its subcommands and options stand there, too.

    An option that is not listed makes a call of it not understood, and so never green: list the harmless ones, too.
    """
    _refuse_listed(policies, "programs", name)
    _write(policies, begun_program(name, Kind(effect)))
    click.echo("next: write down what it really does, then")
    click.echo(f"  safety policy explain --policies {policies} --command '{name} list'")


@new.command("tool")
@into_option
@click.option(
    "--effect", type=click.Choice([*KINDS]), metavar="EFFECT", required=True, help=f"One of {', '.join(KINDS)}."
)
@click.argument("name")
def new_tool(policies: Path, effect: str, name: str) -> None:
    """Write catalogue/tool_NAME.yaml: what a tool of the agent does."""
    _refuse_listed(policies, "tools", name)
    _write(policies, begun_tool(name, Kind(effect)))
    click.echo("next: write down what it really does, then")
    click.echo(f'  echo \'{{"tool": "{name}", "params": {{}}}}\' | safety policy explain --policies {policies}')


def _refuse_listed(policies: Path, section: str, name: str) -> None:
    """Refuse a name that the catalogue has already: two entries would contradict each other."""
    data, origins = gather(load_folder(policies))
    catalogue = data["catalogue"]
    entries = catalogue.get(section, {}) if isinstance(catalogue, dict) else {}
    for names in entries if isinstance(entries, dict) else ():
        if name in {one.strip() for one in names.split(",")}:
            place = origins.place(f"data.catalogue.{section}.{names}")
            raise InputError(f"{section.removesuffix('s')} {name}", f"stands already at {place}", "change it there")


def _write(policies: Path, files: Mapping[str, bytes]) -> None:
    """Write files that are not there yet, once the whole policy compiles with them."""
    for name in files:
        if (policies / name).exists():
            raise InputError(str(policies / name), "is there already", "choose another name, or change that file")
    compiled({**load_folder(policies), **files})
    for name, raw in files.items():
        replace_file(policies / name, raw)
        click.echo(f"{policies / name}: written")
