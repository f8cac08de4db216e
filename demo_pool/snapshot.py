"""What every tenant starts from: made once, when the pool starts; holds no key and no secret.

policies/     the base policy, with what this shop's author adds
cache/        its patterns, compiled: that takes seconds of processor time
shop/         the shop's files, all invented
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from safety_core.edge.pattern_cache import load_patterns
from safety_core.edge.shipped import bundle_of, load_folder, shipped_folder

POLICIES: Final = "policies"
CACHE: Final = "cache"
SHOP: Final = "shop"

_BAKERY: Final = Path(__file__).parent / "bakery"
_CATALOGUE: Final = "catalogue.yaml"


def make(folder: Path) -> None:
    """Make the snapshot at `folder`; what is there already is replaced.

    Raises:
        PolicyError: the base policy does not compile.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copytree(shipped_folder(), folder / POLICIES)
    shutil.copyfile(_BAKERY / _CATALOGUE, folder / POLICIES / "catalogue/bakery.yaml")
    shutil.copytree(_BAKERY, folder / SHOP, ignore=shutil.ignore_patterns(_CATALOGUE, "__pycache__"))
    (folder / CACHE).mkdir()
    load_patterns(bundle_of(load_folder(folder / POLICIES)).policy.patterns, folder / CACHE)
    for path in folder.rglob("*"):  # whoever a tenant runs as reads it
        path.chmod(0o755 if path.is_dir() else 0o644)
    folder.chmod(0o755)
