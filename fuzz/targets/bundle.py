"""A publisher's repository with one file in another's words: whatever differs from what was signed is refused.

The first byte says which file; "@" and above: a tar that is packed for the reader, which no mutation would hit upon.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

from fuzz.trial import Target
from safety_core.bundle.archive import Limits, pack, unpack
from tests.simulators.repository import Repository, role_keys

MEMORY = 192
LONGEST = 8192
_LIMITS = Limits(packed=64 * 1024, unpacked=256 * 1024, files=50)


def start() -> Target:
    """Return the reader."""
    repository = _repository()
    names = sorted(repository.files)
    genuine = dict(repository.files)
    trusted = repository.client().refresh()

    def read(raw: bytes) -> None:
        if not raw:
            return
        if raw[0] >= 64:
            _archive(raw[1:], bare=raw[:1] == b"T")
            return
        name = names[raw[0] % len(names)]
        repository.files = {**genuine, name: raw[1:]}
        client = repository.client()
        found = client.refresh()
        assert found.sha256 == trusted.sha256, "another bundle is believed"
        if name in client.asked and raw[1:] != genuine[name]:
            assert _signed(raw[1:]) == _signed(genuine[name]), "something is believed that nobody signed"

    return read


def _signed(raw: bytes) -> object:
    """Return what the signatures are over: white space and the order of names may differ."""
    return json.loads(raw)["signed"]


def _archive(raw: bytes, *, bare: bool) -> None:
    files = unpack(gzip.compress(raw, mtime=0) if bare else raw, _LIMITS)
    assert unpack(pack(files), _LIMITS) == files, "packed again, it holds something else"
    for name in files:
        assert not name.startswith("/"), "a name leaves the archive"
        assert ".." not in name.split("/"), "a name leaves the archive"


def _repository() -> Repository:
    repository = Repository().publish()
    repository.rotate(role_keys("two"))
    return repository.publish()


def made() -> Iterator[bytes]:
    """Yield the documents themselves: their keys are made anew in each process."""
    repository = _repository()
    for number, name in enumerate(sorted(repository.files)):
        if name.endswith(".json"):
            yield bytes([number]) + repository.files[name]
