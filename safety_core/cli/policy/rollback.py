"""`safety policy rollback`."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import click

from safety_core.bundle.archive import pack
from safety_core.bundle.roles import Release
from safety_core.bundle.sign import public_pem, sign_files
from safety_core.bundle.target import Released, check_archive, read_files
from safety_core.cli.hub import read_token, token_option
from safety_core.cli.policy.publish import TOKEN
from safety_core.cli.policy.release import Shipment, report, settle, wave_of
from safety_core.cli.policy.screen import say
from safety_core.cli.policy.seam import FOLDER, keys_option
from safety_core.cli.policy.shipping import Author, Line, complete
from safety_core.edge.files import read_input
from safety_core.edge.publish import upload
from safety_core.edge.publisher import PublisherClient
from safety_core.edge.signing_keys import BUNDLE_KEY
from safety_core.errors import InputError
from safety_core.wire.signed import tenant_id

PREVIOUS = "previous"


@click.command(short_help="Bring an older revision back, as a new version.")
@click.argument("tenants", nargs=-1, required=True, metavar="TENANT...")
@click.option("--to", required=True, metavar="REVISION", help=f'Which one; "{PREVIOUS}" for the one before this one.')
@keys_option
@click.option(
    "--repositories", type=FOLDER, required=True, help="The publisher's own copies, a folder for each tenant."
)
@click.option("--hub", envvar="SAFETY_HUB", default="", help="Also send it to this hub.")
@token_option(TOKEN, "safety hub publisher add")
@click.option("--release", "name", default="", help="Stage it at the hub as a release of this name, and start that.")
def rollback(tenants: tuple[str, ...], to: str, keys: Path, repositories: Path, **given: object) -> int:
    """Sign what an older revision said under the next version, and publish it: an edge never goes back by itself.

    \b
    safety policy rollback acme globex --to previous
        --keys KEYS --repositories DIR --hub URL

    The older bundle comes from the publisher's own copy and is verified from the root. The golden vectors in it are
    proved by each edge, as for every new version. Exit status 1 if any tenant could not be served.
    """
    hub, file, name = str(given["hub"]), given["token_file"], str(given["name"])
    if name and not hub:
        raise InputError("--release", "needs a hub to be staged at", "give --hub too")
    token = read_token(file if isinstance(file, Path) else None, TOKEN) if hub else ""
    if hub:
        with PublisherClient(hub, token) as client:
            settle(client, repositories, tuple(map(tenant_id, tenants)))
    lines = [Line(repositories / tenant_id(tenant), tenant) for tenant in tenants]
    private = read_input(keys / BUNDLE_KEY)
    bundles = {line.tenant: _older(line, to, private) for line in lines}
    if name:
        return _staged(PublisherClient(hub, token), name, Author(keys), repositories, bundles)
    for line in lines:
        update = line.make(Author(keys), bundles[line.tenant])
        if hub:
            asyncio.run(upload(hub, line.tenant, token, complete(line, update)))
        policy = update.bundle.policy
        click.echo(f"{line.tenant}: revision {policy.revision} is version {policy.version}")
    return 0


def _staged(client: PublisherClient, name: str, author: Author, repositories: Path, bundles: dict[str, Release]) -> int:
    with client as hub:
        work = Shipment(hub, hub.make(name, [wave_of("100%")]), author, repositories)
        for tenant, bundle in bundles.items():
            work.send(tenant, partial(Line.make, author=author, release=bundle))
        if not work.failed:
            hub.act(work.release.id, "start")
        say(f"release {work.release.id}")
        for line in report(hub.show(work.release.id)):
            say(line)
    return 1 if work.failed else 0


def _older(line: Line, revision: str, private: bytes) -> Release:
    """Return what a revision said, signed anew.

    Raises:
        InputError: there is no such revision, or it is in force.
    """
    there = line.released()
    found = _wanted(there, revision)
    if found is None:
        known = ", ".join(dict.fromkeys(item.target.revision for item in there)) or "none"
        raise InputError(f"revision {revision} of {line.tenant}", "is not there", f"there are: {known}")
    if found.target.revision == there[0].target.revision:
        raise InputError(f"revision {revision} of {line.tenant}", "is in force already")
    raw = line.get(found.target.path)
    if raw is None:
        raise InputError(
            f"revision {revision} of {line.tenant}", "has lost its bundle", "restore the repository folder"
        )
    check_archive(found.target, raw)
    files = read_files(found.target, raw, tenant=line.tenant)
    archive = pack(sign_files(files, private, scope=line.tenant))
    return Release(line.tenant, found.target.revision, archive, public_pem(private))


def _wanted(there: tuple[Released, ...], revision: str) -> Released | None:
    if revision == PREVIOUS:
        return next((item for item in there if item.target.revision != there[0].target.revision), None)
    return next((item for item in there if item.target.revision == revision), None)
