"""`--policies` and `--bundle`: by which policy a command goes that needs no edge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.files import read_input
from safety_core.edge.shipped import bundle_in, bundle_of, load_folder, shipped_sources
from safety_core.errors import InputError

bundle_option = click.option(
    "--bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Go by this bundle (.tar.gz)."
)
policies_option = click.option(
    "--policies", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Go by this policy folder."
)


def chosen_policy(bundle: Path | None, policies: Path | None) -> tuple[TrustedBundle, Mapping[str, bytes]]:
    """Return the policy that was chosen, by default the one that is shipped, and its sources; a bundle has none.

    Raises:
        InputError: both are given.
        BundleError: the file is no bundle.
        PolicyError: naming what is wrong in it.
    """
    if bundle is not None and policies is not None:
        raise InputError("--bundle and --policies", "cannot both be given", "leave one out")
    if bundle is not None:
        return bundle_in(read_input(bundle)), {}
    sources = load_folder(policies) if policies else shipped_sources()
    return bundle_of(sources), sources
