"""What the commands share: where sources come from, how they are compiled and proved, and where a mistake stands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.gather import gather
from safety_core.bundle.origins import Origins
from safety_core.bundle.samples import samples_of
from safety_core.bundle.source import compile_bundle
from safety_core.bundle.typed import check_traits, check_words, read_vocabulary, specs_of
from safety_core.classify.check import check_catalogue
from safety_core.cli.chosen_policy import naming
from safety_core.cli.policy.told import floor_error, proof_error
from safety_core.edge.files import read_input
from safety_core.edge.pattern_proof import check_patterns, prove_patterns
from safety_core.edge.prove import prove
from safety_core.edge.shipped import LOCAL_TENANT, bundle_in, load_folder, shipped_folder
from safety_core.errors import InputError, PolicyError, UnprovenError
from safety_core.wire.reader import parse_json

SCHEMA: Final = "schema/facts.json"
"""The schema of facts, in the shipped policy."""

FOLDER: Final = click.Path(path_type=Path, file_okay=False)
FILE: Final = click.Path(path_type=Path, dir_okay=False)
EITHER: Final = click.Path(path_type=Path, exists=True)

policies_option = click.option(
    "--policies",
    type=click.Path(path_type=Path),
    metavar="DIRECTORY",
    default=None,
    help="Folder of policy sources; by default the base policy that is shipped.",
)
keys_option = click.option("--keys", type=FOLDER, required=True, help="Folder that `safety policy keys` made.")


def sources_of(policies: Path | None) -> Mapping[str, bytes]:
    """Return the sources in a folder, by default those that are shipped.

    Raises:
        InputError: there is no folder of that name.
        PolicyError: it holds no policy, or a file that nobody would read.
    """
    folder = policies or shipped_folder()
    if folder.is_file():
        reason = "is a file, and this needs the folder of sources"
        raise InputError(str(folder), reason, "give that folder; explain, diff and replay also take a bundle")
    if not folder.is_dir():
        raise InputError(str(folder), "is not there", "give a folder with manifest.yaml and matrix.yaml")
    sources = load_folder(folder)
    stray = next(iter(sorted(folder.rglob("*.yml"))), None)
    if stray is not None:
        name = stray.relative_to(folder).with_suffix(".yaml").as_posix()
        raise PolicyError(stray.relative_to(folder).as_posix(), "is passed over by every edge", f"name it {name}")
    return sources


def compiled(sources: Mapping[str, bytes], tenant: str = LOCAL_TENANT) -> tuple[Mapping[str, bytes], TrustedBundle]:
    """Compile, and read the catalogue as strictly as an author wants: an edge passes over what it does not know.

    Raises:
        PolicyError: naming file and line.
    """
    try:
        files, bundle = compile_bundle(sources, tenant=tenant)
    except PolicyError as error:
        raise floor_error(error, sources) from error
    try:
        check_catalogue(bundle.policy.catalogue)
    except PolicyError as error:
        raise PolicyError(gather(sources, tenant)[1].place(error.thing), error.reason, error.fix) from error
    return files, bundle


def proved(sources: Mapping[str, bytes], tenant: str = LOCAL_TENANT) -> tuple[Mapping[str, bytes], TrustedBundle]:
    """Compile, read every word, try every sample, and prove as an edge would. Raises PolicyError and UnprovenError."""
    files, bundle = compiled(sources, tenant)
    origins = gather(sources, tenant)[1]
    _check_vocabulary(bundle, origins)
    check_patterns(
        bundle.policy.patterns,
        samples_of(sources),
        lambda number, field: origins.place(f"data.patterns[{number}].{field}"),
    )
    try:
        asyncio.run(prove(bundle))
    except UnprovenError as error:
        raise proof_error(error, bundle) from error
    return files, bundle


def _check_vocabulary(bundle: TrustedBundle, origins: Origins) -> None:
    """Refuse words that no fact has: this program's own schema says which there are, for it makes the facts."""
    known = read_vocabulary(parse_json(read_input(shipped_folder() / SCHEMA), SCHEMA))
    for name, text in bundle.rules.items():
        check_words(name, text, known)
    for section in ("programs", "tools"):
        for path, spec in specs_of(bundle.policy.catalogue.get(section), f"data.catalogue.{section}"):
            check_traits(spec, origins.place(path), known)


def check_unsourced(bundle: TrustedBundle) -> None:
    """Refuse a bundle from elsewhere whose patterns no edge could take up."""
    asyncio.run(prove_patterns(bundle.policy.patterns))


def either(path: Path | None, tenant: str = LOCAL_TENANT) -> tuple[TrustedBundle, Mapping[str, bytes]]:
    """Return the policy in a folder or in a bundle file, by default the one that is shipped; a bundle has no sources.

    Args:
        tenant: whose overlay in a folder is laid over the rest.

    Raises:
        PolicyError: naming what is wrong in it.
        InputError: there is nothing at `path`, or a file that is no bundle.
    """
    if path is not None and path.is_file():
        raw = read_input(path)
        with naming(path):
            return bundle_in(raw), {}
    if path is not None and not path.is_dir():
        raise InputError(str(path), "is not there", "give a folder of policy sources, or a bundle.tar.gz")
    sources = sources_of(path)
    return compiled(sources, tenant)[1], sources
