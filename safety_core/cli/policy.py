"""`safety policy`: from an author's folder to a signed, published bundle."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import click

from safety_core.bundle.archive import pack, unpack
from safety_core.bundle.contents import GOLDEN, MANIFEST, TrustedBundle, named_tenant, read_contents
from safety_core.bundle.gather import gather
from safety_core.bundle.roles import Keys, Release, make_root
from safety_core.bundle.roles import publish as publish_release
from safety_core.bundle.roles import renew as renew_repository
from safety_core.bundle.samples import samples_of
from safety_core.bundle.sign import SIGNATURES, new_private_pem, public_pem, sign_files
from safety_core.bundle.source import compile_bundle
from safety_core.bundle.trust import Known, refresh
from safety_core.classify.check import check_catalogue
from safety_core.cli.hub import read_token, token_option
from safety_core.edge import clock
from safety_core.edge.bundles import replay
from safety_core.edge.files import read_input, replace_file
from safety_core.edge.pattern_proof import check_patterns, prove_patterns
from safety_core.edge.policy_tests import run_tests
from safety_core.edge.prove import prove, vectors_of
from safety_core.edge.publish import (
    BUNDLE_KEY,
    FIRST_ROOT,
    held,
    make_keys,
    read_repository,
    read_signers,
    tenant_of,
    upload,
    write_repository,
)
from safety_core.edge.shipped import LOCAL_TENANT, load_folder, shipped_folder
from safety_core.errors import InputError, PolicyError
from safety_core.wire.reader import Reader
from safety_core.wire.signed import tenant_id

ROOT: Final = "root.json"
TOKEN: Final = "SAFETY_PUBLISHER_TOKEN"  # noqa: S105 - a name
FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)

policies_option = click.option(
    "--policies",
    type=FOLDER,
    default=None,
    help="Folder of policy sources; by default the base policy that is shipped.",
)
keys_option = click.option("--keys", type=FOLDER, required=True, help="Folder that `safety policy keys` made.")


@click.group()
def policy() -> None:
    """Write, check, sign and publish policy.

    \b
    safety policy check       is every source right, and every vector the same?
    safety policy test        run the tests beside the rules
    safety policy keys KEYS   once: draw the publisher's keys
    safety policy build --tenant T -o bundle.tar.gz
    safety policy sign bundle.tar.gz --keys KEYS
    safety policy publish bundle.tar.gz --keys KEYS --repository FOLDER
                          [--hub URL --token-file FILE]
    """


@policy.command()
@policies_option
def check(policies: Path | None) -> None:
    """Compile the sources, try the samples of their patterns, and prove their golden vectors."""
    files, bundle = _proved(_sources(policies), LOCAL_TENANT)
    click.echo(
        f"ok: revision {bundle.revision}, {len(bundle.guards)} rules, {len(bundle.policy.floors)} floors, "
        f"{len(bundle.policy.patterns)} patterns, {len(bundle.golden)} golden vectors, {len(files)} files"
    )


@policy.command()
@policies_option
def test(policies: Path | None) -> int:
    """Run the tests that stand beside the rules. Exit status 1 if one fails."""
    sources = _sources(policies)
    _, bundle = _compiled(sources, LOCAL_TENANT)
    outcomes = asyncio.run(run_tests(bundle, sources))
    failed = [outcome for outcome in outcomes if outcome.trouble]
    for outcome in failed:
        click.echo(f"{outcome.file}: {outcome.name} {outcome.trouble}")
    click.echo(f"{len(outcomes) - len(failed)} of {len(outcomes)} tests passed")
    return 1 if failed else 0


@policy.command()
@policies_option
@click.argument("answers", type=click.File("rb"), default="-")
def golden(policies: Path | None, answers: Iterable[bytes]) -> None:
    """Turn what `safety classify --facts` said into golden vectors, one line each, as the rules judge now.

    \b
    safety classify --facts calls.jsonl | safety policy golden > new.jsonl
    """
    asked = [Reader.parse(line, "answer").mapping("facts") for line in answers if line.strip()]
    _, bundle = compile_bundle({**_sources(policies), GOLDEN: b""}, tenant=LOCAL_TENANT)
    for vector in asyncio.run(vectors_of(bundle, asked)):
        click.echo(vector, nl=False)


@policy.command()
@policies_option
@click.option("--tenant", required=True, help="Whom the bundle is for.")
@click.option("-o", "--out", type=FILE, required=True, help="Where to put the bundle.")
def build(policies: Path | None, tenant: str, out: Path) -> None:
    """Compile, prove and pack a bundle for one tenant. It is not signed yet."""
    files, bundle = _proved(_sources(policies), tenant_id(tenant))
    replace_file(out, pack(files))
    click.echo(f"{out}: revision {bundle.revision} for {tenant}")


@policy.command()
@click.argument("bundle", type=FILE)
@keys_option
def sign(bundle: Path, keys: Path) -> None:
    """Sign a bundle in place, as Open Policy Agent verifies it."""
    files = {name: raw for name, raw in unpack(read_input(bundle)).items() if name != SIGNATURES}
    tenant, revision = _named(files)
    _check_unsourced(read_contents(files, tenant=tenant, version=0))
    replace_file(bundle, pack(sign_files(files, read_input(keys / BUNDLE_KEY), scope=tenant)))
    click.echo(f"{bundle}: revision {revision} is signed for {tenant}")


@policy.command()
@click.argument("folder", type=FOLDER)
@click.option("--root", default=3, show_default=True, help="Root keys; keep them apart, and offline.")
@click.option("--root-threshold", default=2, show_default=True, help="How many of them must sign a new root.")
@click.option("--targets", default=3, show_default=True, help="Keys that release policy.")
@click.option("--targets-threshold", default=2, show_default=True, help="How many of them must sign a release.")
def keys(folder: Path, root: int, root_threshold: int, targets: int, targets_threshold: int) -> None:
    """Draw the publisher's keys into a new FOLDER (0700), with the root document that edges pin."""
    numbers = {"root": root, "targets": targets, "snapshot": 1, "timestamp": 1}
    thresholds = {**numbers, "root": root_threshold, "targets": targets_threshold}
    for role, needed in thresholds.items():
        if not 1 <= needed <= numbers[role]:
            raise InputError(f"--{role}-threshold", f"must lie in 1 to {numbers[role]}")
    make_keys(folder, numbers, new_private_pem())
    roles = {role: Keys(signers, thresholds[role]) for role, signers in read_signers(folder).items()}
    replace_file(folder / ROOT, make_root(roles, version=1, now=clock.now()))
    click.echo(f"{folder / ROOT}: pin this file at every edge; it says who may sign policy")


@policy.command()
@click.argument("bundle", type=FILE, required=False)
@keys_option
@click.option("--repository", type=FOLDER, required=True, help="The publisher's own copy; made if it is not there.")
@click.option("--hub", default="", help="Also send it to this hub.")
@token_option(TOKEN, "safety hub publisher add")
@click.option("--renew", is_flag=True, help="No new bundle: sign a new timestamp. Due at least once a day.")
def publish(bundle: Path | None, keys: Path, repository: Path, hub: str, token_file: Path | None, renew: bool) -> None:
    """Put a signed bundle into a repository, so that edges find it. Checked first as an edge would."""
    if renew == (bundle is not None):
        raise InputError("publish", "needs a bundle, or --renew, and not both")
    token = read_token(token_file, TOKEN) if hub else ""
    there = read_repository(repository)
    root = there.get(FIRST_ROOT) or read_input(keys / ROOT)
    signers, now = read_signers(keys), clock.now()
    if bundle is None:
        tenant, new = tenant_of(there), renew_repository(there, signers, now)
    else:
        release = _release(read_input(bundle), public_pem(read_input(keys / BUNDLE_KEY)))
        tenant, new = release.tenant, publish_release(there, release, signers, now)
    update = replay(
        refresh(Known((root,)), tenant=tenant, now=now), lambda path: new.get(path) or held(repository, path)
    )
    _check_unsourced(update.bundle)
    write_repository(repository, {FIRST_ROOT: root, **new})
    if hub:
        asyncio.run(upload(hub, tenant, token, {FIRST_ROOT: root, **update.files}))
    found = update.bundle.policy
    click.echo(f"{repository}: revision {found.revision} for {tenant} is version {found.version}")


def _sources(policies: Path | None) -> Mapping[str, bytes]:
    return load_folder(policies or shipped_folder())


def _compiled(sources: Mapping[str, bytes], tenant: str) -> tuple[Mapping[str, bytes], TrustedBundle]:
    """Compile, and read the catalogue as strictly as an author wants: an edge passes over what it does not know."""
    files, bundle = compile_bundle(sources, tenant=tenant)
    try:
        check_catalogue(bundle.policy.catalogue)
    except PolicyError as error:
        raise PolicyError(gather(sources)[1].place(error.thing), error.reason, error.fix) from error
    return files, bundle


def _proved(sources: Mapping[str, bytes], tenant: str) -> tuple[Mapping[str, bytes], TrustedBundle]:
    """Compile, try every sample, and prove as an edge would."""
    files, bundle = _compiled(sources, tenant)
    origins = gather(sources)[1]
    check_patterns(
        bundle.policy.patterns,
        samples_of(sources),
        lambda number, field: origins.place(f"data.patterns[{number}].{field}"),
    )
    asyncio.run(prove(bundle))
    return files, bundle


def _check_unsourced(bundle: TrustedBundle) -> None:
    """Refuse a bundle from elsewhere whose patterns no edge could take up."""
    asyncio.run(prove_patterns(bundle.policy.patterns))


def _named(files: Mapping[str, bytes]) -> tuple[str, str]:
    """Return the tenant and revision that a bundle's manifest names."""
    return named_tenant(files), Reader.parse(files[MANIFEST], "bundle manifest").text("revision")


def _release(archive: bytes, public: str) -> Release:
    tenant, revision = _named(unpack(archive))
    return Release(tenant, revision, archive, public)
