"""Texts of files that an agent writes, so that a script which it wrote and then runs is judged by what it says.

Where only a part of a text is known, a `HOLE` stands for the rest: what is known is judged, and the rest is doubted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import translate
from types import MappingProxyType
from typing import Final, TypeAlias

from safety_core.classify.paths import GIVEN, HOLE

MOST_TEXT: Final = 1024 * 1024
"""Characters that one call writes into files; what goes beyond is a text that is not known."""

MOST_COPIED: Final = 8 * 1024 * 1024
"""Characters that are taken out of files for one call: files that are copied into one another double each time."""

MANY: Final = frozenset(("*", "?", "[", HOLE, GIVEN))
"""What makes a path stand for any number of files."""

_UNKNOWN_PART: Final = re.compile(f"[{HOLE}{GIVEN}]+")

HOME: Final = "/home/user"


@dataclass(frozen=True, slots=True)
class Content:
    """What is known of a file that was written.

    Attributes:
        text: None where nothing is known of it; holds a `HOLE` where only a part is known.
        origin: what is known of where it came from: "decoded", "downloaded".
    """

    text: str | None
    origin: frozenset[str] = frozenset()


Written: TypeAlias = Mapping[str, Content]
"""By absolute path, as `Files` spells it."""

NOTHING_WRITTEN: Final[Written] = MappingProxyType({})
UNKNOWN: Final = Content(None)


class Files:
    """The files that one call sees: those that its session wrote before, and those that it writes itself.

    Attributes:
        wide: which files there are has mattered, beyond those that were asked for.
    """

    def __init__(self, before: Written = NOTHING_WRITTEN) -> None:
        self._before = before
        self._written: dict[str, Content] = {}
        self._asked: dict[str, Content | None] = {}
        self._room = MOST_TEXT
        self._copies = MOST_COPIED
        self.wide = False

    @property
    def written(self) -> Written:
        """What the call leaves behind in files, as far as it is known."""
        return self._written

    @property
    def asked(self) -> Mapping[str, Content | None]:
        """What came out of the files of before, by path: all of them that what the call does can depend on."""
        return self._asked

    def read(self, path: str) -> Content | None:
        """Return what is known of a file; None where nobody wrote it as far as is known."""
        key = _spelt(path)
        found = self._written.get(key)
        if found is None:
            found = self._asked[key] = self._before.get(key)
        if found is None or found.text is None:
            return found
        self._copies -= len(found.text)
        return found if self._copies >= 0 else Content(None, found.origin)

    def get(self, path: str) -> str | None:
        """Return the text of a file, where it is known."""
        found = self.read(path)
        return None if found is None else found.text

    def matching(self, pattern: str) -> list[Content]:
        """Return what is known of the files that a path with patterns or unknown parts may stand for."""
        if MANY.isdisjoint(pattern):
            found = self.read(pattern)
            return [] if found is None else [found]
        shape = re.compile(translate(_UNKNOWN_PART.sub("*", _spelt(pattern))))
        found_keys = [key for key in self._all() if shape.match(key) and not key.startswith("/dev/fd/")]
        return [content for key in found_keys if (content := self.read(key)) is not None]

    def write(self, path: str, text: str | None, origin: frozenset[str] = frozenset(), *, append: bool = False) -> None:
        """Note that a file now has this text; with `append`, at its end."""
        if append:
            before = self.read(path) or UNKNOWN
            origin |= before.origin
            text = (HOLE + "\n" if before.text is None else before.text) + (HOLE if text is None else text)
        text = None if text is None or len(text) > self._room else text
        self._room -= len(text or "")
        self._written[_spelt(path)] = Content(text, origin)

    def change(self, path: str, origin: frozenset[str] = frozenset()) -> None:
        """Note that files have been changed in a way that cannot be followed: all that `path` may stand for."""
        if MANY.isdisjoint(path):
            self.write(path, None, origin)
            return
        for key in self._all():
            self.write(key, None, origin)

    def copy(self, source: str, to: str) -> None:
        """Note that a file or folder is now the same as another one."""
        found = self.read(source)
        if found is not None:
            self.write(to, found.text, found.origin)
        elif self.read(to) is not None:
            self.write(to, None)
        folder = f"{_spelt(source)}/"
        for key in self._all():
            if key.startswith(folder):
                self.copy(key, f"{to}/{key[len(folder) :]}")

    def _all(self) -> list[str]:
        self.wide = True
        return [*{**self._before, **self._written}]


def _spelt(path: str) -> str:
    """Return the path under which a file is kept: what `$HOME` stands for here, and `~`, are the same folder."""
    return f"~{path[len(HOME) :]}" if path == HOME or path.startswith(f"{HOME}/") else path
