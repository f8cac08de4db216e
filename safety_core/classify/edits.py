"""What a tool for files leaves in them: whole texts, replacements, patches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from safety_core.classify.files import Files
from safety_core.classify.paths import HOLE

_SECTION: Final = re.compile(r"\*\*\* (?:(?P<what>Add|Update|Delete) File|(?P<move>Move to)): (?P<path>\S.*)")
_HUNK: Final = re.compile(r"@@ -\d+(?:,(?P<old>\d+))? \+\d+(?:,(?P<new>\d+))? @@.*")
_SIDE: Final = re.compile(r"(?:---|\+\+\+) (?:[ab]/)?(?P<path>[^\t]+).*")
_NOWHERE: Final = "/dev/null"


def replace_text(files: Files, path: str, old: Sequence[str], new: Sequence[str]) -> None:
    """Note an edit that puts `new` in the place of `old`. Where that cannot be followed, the new text is in there."""
    text = files.get(path)
    if text is not None and len(old) == len(new) == 1 and old[0] and text.count(old[0]) == 1:
        files.write(path, text.replace(old[0], new[0]))
    else:
        write_part(files, path, new)


def write_part(files: Files, path: str, parts: Sequence[str]) -> None:
    """Note that these parts now stand somewhere in a file, beside what was known of it."""
    files.write(path, "\n".join((files.get(path) or HOLE, *parts, HOLE)))


def patched(patch: str) -> Iterator[tuple[str, str | None]]:
    """Yield each file that a patch changes, with its text: whole for a new file, in parts else, None for a deleted one.

    Both formats are read: `*** Update File: name`, and the one of `diff -u`, of which each hunk says how long it is.
    """
    reader = _Patch()
    for line in patch.splitlines():
        yield from reader.line(line)
    yield from reader.end()


class _Patch:
    """The file that is being read, and how many lines its hunk still has on both sides."""

    def __init__(self) -> None:
        self._path = ""
        self._before = ""
        self._whole = False
        self._lines: list[str] = []
        self._left = [0, 0]

    def line(self, line: str) -> Iterator[tuple[str, str | None]]:
        """Read one line; yield the file that ends with it."""
        if max(self._left) > 0:
            self._left[0] -= line[:1] != "+"
            self._left[1] -= line[:1] != "-"
            self._content(line)
        elif section := _SECTION.fullmatch(line):
            yield from self._section(section["what"], section["path"])
        elif hunk := _HUNK.fullmatch(line):
            self._left = [int(hunk[side] or 1) for side in ("old", "new")]
            self._lines += [] if self._whole else [HOLE]
        elif not self._before and line.startswith("--- ") and (side := _SIDE.fullmatch(line)):
            yield from self.end()
            self._before = side["path"]
        elif self._before and line.startswith("+++ ") and (side := _SIDE.fullmatch(line)):
            yield from self._side(side["path"])
        else:
            self._content(line)

    def _section(self, what: str | None, path: str) -> Iterator[tuple[str, str | None]]:
        if what is None:
            yield self._path, None
            self._path = path
            return
        yield from self.end()
        if what == "Delete":
            yield path, None
        else:
            self._path, self._whole = path, what == "Add"

    def _side(self, path: str) -> Iterator[tuple[str, str | None]]:
        if path == _NOWHERE:
            yield self._before, None
        else:
            self._path, self._whole = path, self._before == _NOWHERE
        self._before = ""

    def _content(self, line: str) -> None:
        if line.startswith("@@"):
            self._lines.append(HOLE)
        elif line[:1] in {"+", " "}:
            self._lines.append(line[1:])

    def end(self) -> Iterator[tuple[str, str | None]]:
        """Yield the file that ends here, if there is one."""
        if self._path:
            yield self._path, "\n".join([*self._lines, ""] if self._whole else [HOLE, *self._lines, HOLE])
        self._path, self._lines = "", []
