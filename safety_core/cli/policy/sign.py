"""`safety policy sign`."""

from __future__ import annotations

from pathlib import Path

import click

from safety_core.bundle.archive import pack, unpack
from safety_core.bundle.contents import MANIFEST, named_tenant, read_contents
from safety_core.bundle.sign import SIGNATURES, sign_files
from safety_core.cli.chosen_policy import naming
from safety_core.cli.policy.seam import FILE, check_unsourced, keys_option
from safety_core.edge.files import read_input, replace_file
from safety_core.edge.signing_keys import BUNDLE_KEY
from safety_core.wire.reader import Reader


@click.command(short_help="Sign a bundle in place.")
@click.argument("bundle", type=FILE)
@keys_option
def sign(bundle: Path, keys: Path) -> None:
    """Sign a bundle in place, as Open Policy Agent verifies it.

    What the bundle says is read again first: nobody signs what no edge would take up. `safety policy diff` shows what
    it changes.
    """
    raw = read_input(bundle)
    with naming(bundle):
        files = {name: content for name, content in unpack(raw).items() if name != SIGNATURES}
    tenant = named_tenant(files)
    revision = Reader.parse(files[MANIFEST], "bundle manifest").text("revision")
    check_unsourced(read_contents(files, tenant=tenant, version=0))
    replace_file(bundle, pack(sign_files(files, read_input(keys / BUNDLE_KEY), scope=tenant)))
    click.echo(f"{bundle}: revision {revision} is signed for {tenant}")
