"""One tenant's publication as an author makes it: signed, checked as an edge would, kept beside what is in force.

<repositories>/<tenant>/             what is in force, as the author published it
<repositories>/<tenant>/.staged/ID/  what waits in release ID; taken over once the hub has put it in place
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.roles import AHEAD, Ed25519Signer, Release, publish, renew
from safety_core.bundle.target import Released, check_archive, released
from safety_core.bundle.trust import Known, Update, refresh
from safety_core.edge import clock
from safety_core.edge.bundles import replay
from safety_core.edge.files import read_input
from safety_core.edge.publish import FIRST_ROOT, held, read_repository, write_repository
from safety_core.edge.signing_keys import ROOT, read_signers, roots_with
from safety_core.errors import UnderSignedError

STAGED: Final = ".staged"


@dataclass(frozen=True, slots=True)
class Author:
    """Who signs: a folder of keys."""

    keys: Path

    def signers(self) -> dict[str, tuple[Ed25519Signer, ...]]:
        """Return every role's keys that are there."""
        return read_signers(self.keys)


@dataclass(frozen=True, slots=True)
class Line:
    """One tenant's repository on the author's machine. `waits`: the id of the release that something waits in."""

    folder: Path
    tenant: str
    waits: str = ""

    def there(self) -> Mapping[str, bytes]:
        """Return the documents in force."""
        found = read_repository(self.folder) if self.folder.is_dir() else {}
        return {name: raw for name, raw in found.items() if not name.startswith(f"{STAGED}/")}

    def waiting(self) -> Mapping[str, bytes]:
        """Return the documents that wait."""
        return read_repository(self._staged) if self.waits and self._staged.is_dir() else {}

    def released(self) -> tuple[Released, ...]:
        """Return every version that was ever in force, the newest first."""
        there = self.there()
        roots = [there[name] for name in sorted((n for n in there if n.startswith("root/")), key=_number)]
        names = sorted((name for name in there if name.startswith("targets/")), key=_number, reverse=True)
        return tuple(released(roots, there[name], self.tenant) for name in names)

    @property
    def _staged(self) -> Path:
        return self.folder / STAGED / self.waits

    def make(self, author: Author, release: Release) -> Update:
        """Sign the next version and keep it: in force at once, or where it waits. Checked first as an edge would.

        Raises:
            BundleError: too few keys, or anything else for which an edge would not take it up.
        """
        there, now = self.there(), clock.now()
        ahead = AHEAD if self.waits else 0
        return self._kept(author, there, publish(there, release, author.signers(), now, ahead=ahead), now)

    def renew(self, author: Author) -> Update:
        """Sign a new timestamp for what waits, else for what is in force.

        What is in force is published once more where the newest root has replaced the keys that had signed it. Its
        source is the author's own copy, which nobody else writes.
        """
        there, now = {**self.there(), **self.waiting()}, clock.now()
        try:
            return self._kept(author, there, {**self.waiting(), **renew(there, author.signers(), now)}, now)
        except UnderSignedError:
            if self.waits:
                raise
            return self.make(author, self._newest())

    def _newest(self) -> Release:
        target = self.released()[0].target
        archive = self.get(target.path) or b""
        check_archive(target, archive)
        return Release(self.tenant, target.revision, archive, target.key)

    def _kept(self, author: Author, there: Mapping[str, bytes], new: Mapping[str, bytes], now: float) -> Update:
        files = {**roots_with(there, author.keys), **new}
        root = files.get(FIRST_ROOT) or read_input(author.keys / ROOT)
        update = replay(
            refresh(Known((root,)), tenant=self.tenant, now=now), lambda path: files.get(path) or self.get(path)
        )
        write_repository(self._staged if self.waits else self.folder, files)
        return update

    def get(self, path: str) -> bytes | None:
        """Return one file of what waits, else of what is in force."""
        return (held(self._staged, path) if self.waits else None) or held(self.folder, path)

    def releases(self) -> tuple[str, ...]:
        """Return the ids of the releases in which something waits."""
        folder = self.folder / STAGED
        return tuple(sorted(path.name for path in folder.iterdir())) if folder.is_dir() else ()

    def drop(self) -> None:
        """Let go of what waited: it will never be put in place."""
        if self.waits:
            shutil.rmtree(self._staged, ignore_errors=True)

    def adopt(self) -> None:
        """Make what waited the author's own: the hub has put it in place."""
        if not self._staged.is_dir():
            return
        files = {path.relative_to(self._staged).as_posix(): path for path in self._staged.rglob("*") if path.is_file()}
        write_repository(self.folder, {name: path.read_bytes() for name, path in files.items()})
        self.drop()


def _number(name: str) -> int:
    return int(name.partition("/")[2].removesuffix(".json"))


def complete(line: Line, update: Update) -> Mapping[str, bytes]:
    """Return all files of a publication as they are sent."""
    return {FIRST_ROOT: line.get(FIRST_ROOT) or b"", **update.files}


def same_rules(one: TrustedBundle, other: TrustedBundle) -> bool:
    """Tell whether the golden vectors and patterns of one are proved by those of the other."""
    return (one.rules, one.rule_data, one.policy.patterns, one.golden) == (
        other.rules,
        other.rule_data,
        other.policy.patterns,
        other.golden,
    )
