"""All of it, in order: walk, read, look, allow."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.cli.scan.allow import AllowList, Entry
from safety_core.cli.scan.decoded import decoded
from safety_core.cli.scan.hit import Hit, Report
from safety_core.cli.scan.inspect import hits
from safety_core.cli.scan.progress import bar
from safety_core.cli.scan.walk import STDIN, Refused, Target, Walk
from safety_core.errors import UnscannableError
from safety_core.redact.redactor import Redactor

MEBIBYTE: Final = 1 << 20

LIMIT: Final = 32
"""Mebibytes of one file: what people write is smaller, and a text of this size takes some 150 MiB to look into."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to scan. `limit`: mebibytes of one file. `quiet`: show no bar."""

    excluded: Sequence[str] = ()
    limit: int = LIMIT
    quiet: bool = False


class Run:
    """One scan of what the user named."""

    def __init__(self, redactor: Redactor, allow: AllowList, options: Options) -> None:
        self._redactor = redactor
        self._allow = allow
        self._options = options
        self._walk = Walk(options.excluded)
        self._hits: list[Hit] = []
        self._allowed: list[tuple[Hit, Entry]] = []
        self._paths: list[str] = []
        self._size = 0

    def report(self, named: Iterable[Path]) -> Report:
        """Look into every file and return what was found."""
        targets = [*self._walk.targets(named)]
        began = time.perf_counter()
        with bar(sum(target.size for target in targets), shown=not self._options.quiet) as advance:
            for target in targets:
                self._look_into(target)
                advance(target.size)
        seconds = time.perf_counter() - began
        used = [entry for _, entry in self._allowed]
        return Report(
            hits=tuple(self._hits),
            allowed=tuple(self._allowed),
            skipped=dict(sorted(self._walk.skipped.items())),
            refused=tuple(self._walk.refused),
            unused=self._allow.unused(used, self._paths, complete=self._walk.folders),
            allow_list=self._allow.name,
            files=len(self._paths),
            size=self._size,
            seconds=seconds,
        )

    def _look_into(self, target: Target) -> None:
        try:
            raw = read_up_to(target.path, self._options.limit)
            if raw is None:
                return self._leave_out(target, f"larger than {self._options.limit} MiB")
            text = decoded(raw)
            if text is None:
                return self._leave_out(target, "binary")
            found = hits(self._redactor, target.shown, text)
        except OSError as error:
            return self._refuse(target, f"cannot be read ({error.strerror})")
        except UnscannableError as error:
            return self._refuse(target, f"{error.thing} {error.reason}")
        self._paths.append(target.shown)
        self._size += len(raw)
        for hit in found:
            entry = self._allow.entry_for(hit.path, hit.fingerprint)
            if entry:
                self._allowed.append((hit, entry))
            else:
                self._hits.append(hit)
        return None

    def _leave_out(self, target: Target, reason: str) -> None:
        """Count a file as skipped; one that the user named is refused: nobody expects that it passed."""
        if target.named and reason != "binary":
            self._refuse(target, f"is {reason}. Fix: raise --max-size")
        else:
            self._walk.skipped[reason] += 1

    def _refuse(self, target: Target, reason: str) -> None:
        self._walk.refused.append(Refused(target.shown, reason))


def read_up_to(path: Path, limit: int) -> bytes | None:
    """Return a file's bytes, None where there are more than `limit` mebibytes. Raises OSError."""
    with nullcontext(sys.stdin.buffer) if path == STDIN else path.open("rb") as file:
        raw = file.read(limit * MEBIBYTE + 1)
    return None if len(raw) > limit * MEBIBYTE else raw
