"""All of it, in order: walk, read, check, compare with what is known."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.baseline.checker import Checker
from safety_core.baseline.found import Found
from safety_core.cli.baseline.tree import ignored_in
from safety_core.cli.scan.allow import AllowList, Entry
from safety_core.cli.scan.decoded import decoded
from safety_core.cli.scan.fingerprint import fingerprints
from safety_core.cli.scan.hit import Hit, Report
from safety_core.cli.scan.inspect import column
from safety_core.cli.scan.progress import bar
from safety_core.cli.scan.run import read_up_to
from safety_core.cli.scan.walk import Refused, Target, Walk
from safety_core.errors import UnscannableError
from safety_core.match.matcher import Matcher

LIMIT: Final = 8
"""Mebibytes of one file: no job's file is nearly so large, and no text that people keep up."""


@dataclass(frozen=True, slots=True)
class _Place:
    rule: str
    start: int
    end: int


class Run:
    """One check of a repository."""

    def __init__(self, checker: Checker, matcher: Matcher, known: AllowList, *, quiet: bool) -> None:
        self._checker = checker
        self._matcher = matcher
        self._known = known
        self._quiet = quiet
        self._hits: list[Hit] = []
        self._allowed: list[tuple[Hit, Entry]] = []
        self._refused: list[Refused] = []
        self._skipped: Counter[str] = Counter()
        self._paths: list[str] = []
        self._files = 0
        self._size = 0

    def report(self, repository: Path, excluded: Sequence[str] = ()) -> Report:
        """Look at every file, into those that a rule concerns, and return what was found."""
        walk = Walk(excluded, repository, ignored_in(repository))
        began = time.perf_counter()
        targets = [*walk.targets([repository])]
        self._paths = [target.shown for target in targets]
        read = [target for target in targets if self._checker.wants(target.shown)]
        for target in targets:
            self._place(target.shown, "", self._checker.of_path(target.shown))
        with bar(sum(target.size for target in read), shown=not self._quiet) as advance:
            for target in read:
                self._look_into(target)
                advance(target.size)
        return Report(
            hits=tuple(sorted(self._hits, key=lambda hit: (hit.path, hit.line, hit.column))),
            allowed=tuple(self._allowed),
            skipped=dict(sorted((walk.skipped + self._skipped).items())),
            refused=(*walk.refused, *self._refused),
            unused=self._known.unused([entry for _, entry in self._allowed], self._paths, complete=True),
            allow_list=self._known.name,
            files=self._files,
            size=self._size,
            seconds=time.perf_counter() - began,
        )

    def _look_into(self, target: Target) -> None:
        try:
            raw = read_up_to(target.path, LIMIT)
            text = None if raw is None else decoded(raw)
            if raw is None or text is None:
                self._skipped[f"larger than {LIMIT} MiB" if raw is None else "binary"] += 1
                return
            found = self._checker.of_text(target.shown, text)
        except OSError as error:
            self._refused.append(Refused(target.shown, f"cannot be read ({error.strerror})"))
            return
        except UnscannableError as error:
            self._refused.append(Refused(target.shown, f"{error.thing} {error.reason}"))
            return
        self._files += 1
        self._size += len(raw)
        self._place(target.shown, text, found)

    def _place(self, path: str, text: str, found: Sequence[Found]) -> None:
        places = [_Place(each.rule.id, each.start, each.end) for each in found]
        for hit in self._placed(path, text, found, fingerprints(path, text, places)):
            entry = self._known.entry_for(path, hit.fingerprint)
            if entry:
                self._allowed.append((hit, entry))
            else:
                self._hits.append(hit)

    def _placed(self, path: str, text: str, found: Sequence[Found], names: Iterable[str]) -> Iterator[Hit]:
        line, counted = 1, 0
        values = [text[each.start : each.end].strip("\"'") for each in found if each.rule.finds]
        for each, fingerprint in zip(found, names, strict=True):
            line += text.count("\n", counted, each.start)
            counted = each.start
            yield Hit(
                path,
                each.rule.kind,
                each.rule.id,
                line,
                column(text, each.start),
                line + text.count("\n", each.start, each.end),
                max(column(text, each.end), 2 if each.start == each.end else 1),
                fingerprint,
                self._told(each.key, values),
                each.what,
            )

    def _told(self, key: str, values: Sequence[str]) -> str:
        """Return a key that may be told, else nothing: it can be a secret, too."""
        return "" if key and (self._matcher.spans(key) or any(value in key for value in values if value)) else key
