"""`safety policy check`."""

from __future__ import annotations

from pathlib import Path

import click

from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.diff import differences
from safety_core.bundle.overlay import tenants_in
from safety_core.cli.policy.diff import difference_lines
from safety_core.cli.policy.screen import say
from safety_core.cli.policy.seam import compiled, policies_option, proved, sources_of
from safety_core.errors import InputError
from safety_core.wire.signed import tenant_id


@click.command(short_help="Is every source right, and every golden vector the same?")
@policies_option
@click.option(
    "--tenant", "tenants", multiple=True, help="Also with this tenant's overlay; may be given more than once."
)
@click.option("--all-tenants", is_flag=True, help="Also with each overlay that is there.")
def check(policies: Path | None, tenants: tuple[str, ...], *, all_tenants: bool) -> None:
    """Compile the sources, try the samples of their patterns, and prove their golden vectors.

    What is wrong is named as file:line, with the reason and the fix. Run it before every commit: what it passes, every
    edge takes up. For a tenant, it also says what the overlay in tenants/NAME/ makes otherwise than for all.
    """
    sources = sources_of(policies)
    there = tenants_in(sources)
    files, bundle = proved(sources)
    prices = sum(len(table.models) for table in bundle.policy.prices.tables.values())
    click.echo(
        f"ok: revision {bundle.revision}, {len(bundle.guards)} rules, {len(bundle.policy.floors)} floors, "
        f"{len(bundle.policy.patterns)} patterns, {len(bundle.golden)} golden vectors, "
        f"{prices} prices, {len(files)} files"
    )
    for tenant in there if all_tenants else map(tenant_id, tenants):
        if tenant not in there:
            raise InputError(f"tenant {tenant}", "has no overlay", f"make the folder tenants/{tenant}")
        _tell(tenant, bundle, compiled(sources, tenant)[1])


def _tell(tenant: str, base: TrustedBundle, bundle: TrustedBundle) -> None:
    say()
    say(f"{tenant}: ok, revision {bundle.revision}; otherwise than for all:")
    for line in difference_lines(differences(base, bundle)):
        say(line)
