"""`safety policy publish`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import click

from safety_core.bundle.archive import unpack
from safety_core.bundle.contents import MANIFEST, named_tenant
from safety_core.bundle.roles import Release
from safety_core.bundle.roles import publish as publish_release
from safety_core.bundle.roles import renew as renew_repository
from safety_core.bundle.sign import public_pem
from safety_core.bundle.trust import Known, refresh
from safety_core.cli.chosen_policy import naming
from safety_core.cli.hub import read_token, token_option
from safety_core.cli.policy.root import reminder
from safety_core.cli.policy.seam import FILE, FOLDER, check_unsourced, keys_option
from safety_core.edge import clock
from safety_core.edge.bundles import replay
from safety_core.edge.files import read_input
from safety_core.edge.publish import (
    FIRST_ROOT,
    held,
    read_repository,
    tenant_of,
    upload,
    write_repository,
)
from safety_core.edge.signing_keys import BUNDLE_KEY, ROOT, read_signers, roots_with
from safety_core.errors import InputError
from safety_core.wire.reader import Reader

TOKEN: Final = "SAFETY_PUBLISHER_TOKEN"  # noqa: S105 - a name


@click.command(short_help="Put a signed bundle where edges find it.")
@click.argument("bundle", type=FILE, required=False)
@keys_option
@click.option("--repository", type=FOLDER, required=True, help="The publisher's own copy; made if it is not there.")
@click.option("--hub", default="", help="Also send it to this hub.")
@token_option(TOKEN, "safety hub publisher add")
@click.option("--renew", is_flag=True, help="No new bundle: sign a new timestamp, for 24 hours. Due twice a day.")
def publish(bundle: Path | None, keys: Path, repository: Path, hub: str, token_file: Path | None, renew: bool) -> None:
    """Put a signed bundle into a repository, so that edges find it. Checked first as an edge would.

    \b
    safety policy publish bundle.tar.gz --keys KEYS --repository DIR
    safety policy publish --renew --keys KEYS --repository DIR     twice a day
    """
    if renew == (bundle is not None):
        raise InputError("publish", "needs a bundle, or --renew, and not both", "give BUNDLE, or --renew")
    token = read_token(token_file, TOKEN) if hub else ""
    there = read_repository(repository)
    roots = roots_with(there, keys)
    root = roots.get(FIRST_ROOT) or read_input(keys / ROOT)
    signers, now = read_signers(keys), clock.now()
    if bundle is None:
        tenant, new = tenant_of(there), renew_repository(there, signers, now)
    else:
        raw = read_input(bundle)
        with naming(bundle):
            unpack(raw)
        release = _release(raw, public_pem(read_input(keys / BUNDLE_KEY)))
        tenant, new = release.tenant, publish_release(there, release, signers, now)
    new = {**roots, **new}
    update = replay(
        refresh(Known((root,)), tenant=tenant, now=now), lambda path: new.get(path) or held(repository, path)
    )
    check_unsourced(update.bundle)
    write_repository(repository, new)
    files = {FIRST_ROOT: root, **update.files}
    if hub:
        asyncio.run(upload(hub, tenant, token, files))
    found = update.bundle.policy
    fresh = ", and its timestamp is new" if renew else ""
    told = f"{fresh}; the hub has it" if hub else fresh
    click.echo(f"{repository}: revision {found.revision} for {tenant} is version {found.version}{told}")
    if ends := reminder(files):
        click.echo(ends, err=True)


def _release(archive: bytes, public: str) -> Release:
    files = unpack(archive)
    tenant = named_tenant(files)
    return Release(tenant, Reader.parse(files[MANIFEST], "bundle manifest").text("revision"), archive, public)
