"""Reads the pages: every code block with its class, so that none is left untried without anybody noticing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("policies/*.md"), *ROOT.glob("plugins/*/*.md")]
)
"""Every page that people read. Decisions (docs/adr) are prose; test_blocks.py holds that they have no code to try."""

TAGS: Final = frozenset(
    {"sh", "console", "python", "toml", "yaml", "json", "ini", "nginx", "env", "http", "rego", "mermaid", "text"}
)
MARK: Final = re.compile(r"<!-- (words) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """One block of code.

    Attributes:
        line: of its first line, from 1.
        tag: its language; "remarks" for an indented list of commands with what they do beside them.
        words: nobody types it: a shape, a picture of text, a sample of what is printed elsewhere.
        after: the tag of the block before it, where nothing but a line or two stands between.
    """

    page: Path
    line: int
    tag: str
    text: str
    words: bool = False
    after: str = ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page, fenced and indented, in their order."""
    lines = [*page.read_text().splitlines(), ""]
    at, before, before_end, listed = 0, "", -9, False
    while at < len(lines):
        line = lines[at]
        if fence := re.match(r" {0,4}(`{3,})(\w*)", line):
            end = next(n for n in range(at + 1, len(lines)) if lines[n].strip() == fence[1])
            kind = fence[2]
        elif line.startswith("    ") and not listed and (not lines[at - 1].strip() or lines[at - 1][0] == "#"):
            end = next(n for n in range(at + 1, len(lines)) if not lines[n].startswith("    "))
            kind = "remarks"
        else:
            listed = bool(re.match(r"(\d+\.|[-*]) ", line)) or (listed and (not line or line[0] == " "))
            at += 1
            continue
        inside = lines[at:end] if kind == "remarks" else lines[at + 1 : end]
        text = "".join(f"{each.removeprefix('    ') if kind == 'remarks' else each}\n" for each in inside)
        near = before if at - before_end <= 4 else ""
        yield Block(page, at + 1, kind, text, bool(MARK.match(lines[at - 1])), near)
        before, before_end, listed = kind, end, False
        at = end + (kind != "remarks")


ALL: Final = [block for page in PAGES for block in blocks(page)]


def of(*tags: str) -> list[Block]:
    """Return the blocks of these classes, without those that are mere words."""
    return [block for block in ALL if block.tag in tags and not block.words]
