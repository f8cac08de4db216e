"""The edge has seen version 1 ("calm") and version 2 ("strict") of a repository that an attacker serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from safety_core.bundle.archive import pack
from safety_core.bundle.roles import Release
from safety_core.bundle.sign import public_pem
from tests.simulators import repository as simulated
from tests.simulators.repository import TENANT, Client, Repository, release

Files = dict[str, bytes]
PUBLIC = public_pem(simulated.bundle_key())


@dataclass
class Scene:
    """The attacker's repository, what it held at version 1, and the edge."""

    repository: Repository
    past: Files
    edge: Client

    @property
    def files(self) -> Files:
        return self.repository.files

    def serve(self, files: Mapping[str, bytes], *, archive: bytes = b"") -> None:
        """Publish a bundle of these files, with every key of the repository."""
        self.repository.publish(Release(TENANT, "evil", archive or pack(files), PUBLIC))

    def go_back(self, *names: str) -> None:
        for name in names:
            self.files[name] = self.past[name]


def scene() -> Scene:
    repository = Repository().publish()
    edge, past = repository.client(), dict(repository.files)
    edge.refresh()
    repository.publish(release("strict"))
    edge.refresh()
    return Scene(repository, past, edge)
