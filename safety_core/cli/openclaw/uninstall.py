"""The steps of taking it back: the old bytes where nobody has touched the file since, else exactly our changes."""

from __future__ import annotations

from dataclasses import replace

import click

from safety_core.cli.openclaw.config import replace_config
from safety_core.cli.openclaw.install import confirm, judge
from safety_core.cli.openclaw.place import Place
from safety_core.cli.openclaw.scene import Asked, own_config
from safety_core.cli.openclaw.shown import diff
from safety_core.edge import clock
from safety_core.errors import InputError


def uninstall(asked: Asked) -> None:
    """Take the gateway out of the OpenClaw that `asked` names."""
    file = own_config(asked.config)
    place = Place.of(asked.home, file.path)
    record = place.record()
    if record is None:
        fix = "is it another file (--config), or another folder of the edge (--home)?"
        raise InputError(str(file.path), "was not changed by `safety openclaw install`", fix)
    new, tree, left = place.before(record, file)
    click.echo(diff(file.tree, tree, str(file.path)))
    for change in left:
        click.echo(f"note: {change.name} was changed by somebody else since, and stays as it is", err=True)
    confirm(asked.yes, "Take it back so? The agent is then unguarded.")
    kept = place.keep(file.raw, clock.now())
    replace_config(file, new)
    judge(asked, replace(file, raw=new, tree=tree), file.raw, lambda: None)
    place.forget()
    click.echo(f"taken back; the file as it was: {kept}")
    click.echo("keys that install moved stay in the vault; take this OpenClaw out of the edge's settings, too")
