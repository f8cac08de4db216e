"""`--policies` and `--bundle`: by which policy a command goes that needs no edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.files import read_input
from safety_core.edge.shipped import bundle_in, bundle_of, load_folder, shipped_sources
from safety_core.errors import BundleError, InputError

bundle_option = click.option(
    "--bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Go by this bundle (.tar.gz)."
)
policies_option = click.option(
    "--policies", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Go by this policy folder."
)


def chosen_policy(bundle: Path | None, policies: Path | None) -> tuple[TrustedBundle, Mapping[str, bytes]]:
    """Return the policy that was chosen, by default the one that is shipped, and its sources; a bundle has none.

    Raises:
        InputError: both are given, or the file is no bundle.
        PolicyError: naming what is wrong in it.
    """
    if bundle is not None and policies is not None:
        raise InputError("--bundle and --policies", "cannot both be given", "leave one out")
    if bundle is not None:
        raw = read_input(bundle)
        with naming(bundle):
            return bundle_in(raw), {}
    sources = load_folder(policies) if policies else shipped_sources()
    return bundle_of(sources), sources


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the file that is no bundle, as its user knows it."""
    try:
        yield
    except BundleError as error:
        raise InputError(str(path), f"is no bundle: {error}", "give what `safety policy build` made") from error
