"""The group `safety secret`, and its commands in the order of their use."""

from __future__ import annotations

import click

from safety_core.cli.secret import canary, handing, importing, rekey, rules, uses, values


@click.group()
def secret() -> None:
    """Keep secrets that no model and no log may see.

    A model sees and writes SECRET_REF(name); the value exists only inside of the command or request that needs it.
    """


for command in (
    values.set_,
    values.rotate,
    values.versions,
    values.rollback,
    values.list_,
    values.remove,
    rules.allow,
    rules.expire,
    uses.log,
    canary.canary,
    rekey.rekey,
    handing.file,
    importing.import_,
):
    secret.add_command(command)
