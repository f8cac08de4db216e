"""Publications that wait for their wave: one file each, beside the repositories and never served."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hub.errors import NotFoundError
from hub.repository.publication import unpack
from safety_core.bundle.archive import tar_of
from safety_core.edge.files import replace_file
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from safety_core.wire.signed import TENANT

_RELEASE: Final = re.compile(r"[0-9a-f]{32}")


class Staging:
    """All staged publications below the hub's data folder. Blocking: callers run it in a thread."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "staged"

    def put(self, release: str, tenant: TenantId, files: Mapping[str, bytes]) -> None:
        """Keep a publication, in place of an earlier one."""
        replace_file(self._path(release, tenant), tar_of(files))

    def get(self, release: str, tenant: TenantId) -> Mapping[str, bytes]:
        """Return a publication. Raises NotFoundError if it is not there, or damaged."""
        try:
            return unpack(self._path(release, tenant).read_bytes())
        except (OSError, InputError) as error:
            reason = error.reason if isinstance(error, InputError) else f"cannot be read ({error.strerror})"
            raise NotFoundError("staged publication", reason, "stage it again") from error

    def remove(self, release: str, tenant: TenantId) -> None:
        """Let go of a publication that is in its place."""
        self._path(release, tenant).unlink(missing_ok=True)

    def drop(self, release: str) -> None:
        """Let go of all that is left of a release."""
        if _RELEASE.fullmatch(release):
            shutil.rmtree(self._folder / release, ignore_errors=True)

    def _path(self, release: str, tenant: TenantId) -> Path:
        if not _RELEASE.fullmatch(release) or not TENANT.fullmatch(tenant):
            raise InputError("release", "has not the shape of a name")
        return self._folder / release / f"{tenant}.tar"
