"""`safety policy build`."""

from __future__ import annotations

from pathlib import Path

import click

from safety_core.bundle.archive import pack
from safety_core.cli.policy.seam import FILE, policies_option, proved, sources_of
from safety_core.edge.files import replace_file
from safety_core.wire.signed import tenant_id


@click.command(short_help="Compile, prove and pack a bundle for one tenant.")
@policies_option
@click.option("--tenant", required=True, help="Whom the bundle is for.")
@click.option("-o", "--out", type=FILE, required=True, help="Where to put the bundle.")
def build(policies: Path | None, tenant: str, out: Path) -> None:
    """Compile, prove and pack a bundle for one tenant. It is not signed yet.

    The same sources give the same bytes, so two people can build the same bundle and compare.
    """
    files, bundle = proved(sources_of(policies), tenant_id(tenant))
    replace_file(out, pack(files))
    click.echo(f"{out}: revision {bundle.revision} for {tenant}")
