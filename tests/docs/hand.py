"""A page's commands, typed in their order by a test that makes what they need: in its own process, which is quick.

hand = Hand("hub.md", {"https://hub.example": hub.url})
hand.types("safety hub tenant add")      # the next line of the page begins so
hand.types("safety tenant register")
hand.ended()                             # and there are no more
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final

from safety_core.cli.main import run
from tests.docs.pages import ROOT, Block, blocks
from tests.docs.typed import COLUMN

REDIRECTED: Final = re.compile(r" > (\S+)$")


class Hand:
    """Types what stands in the current folder's page, line by line.

    Attributes:
        here: what stands for a text of the page, in the order in which they are looked for; a test may change it.
    """

    def __init__(self, page: str, here: Mapping[str, str]) -> None:
        self.here = dict(here)
        self._lines = list(typed(page))

    def types(self, begins: str, *, status: int = 0) -> str:
        """Type the next line and return what it printed, errors among it.

        Args:
            status: with which it has to end.
        """
        assert self._lines, f"the page has no {begins!r}"
        line = self._lines.pop(0)
        assert line.startswith(begins), f"the page goes on with {line!r}, not {begins!r}"
        for there, own in self.here.items():
            line = line.replace(there, own)
        ended, printed = _ours(line) if line.startswith("safety ") else _foreign(line)
        assert ended == status, f"{line}\n{printed}"
        return printed

    def ended(self) -> None:
        """Hold that everything has been typed."""
        assert not self._lines, f"nobody has typed {self._lines[0]!r}"


def typed(page: str) -> Iterator[str]:
    """Yield the command lines of a page, without the remarks beside them."""
    for block in blocks(ROOT / "docs" / page):
        yield from _lines(block)


def _lines(block: Block) -> Iterator[str]:
    if block.tag == "remarks":
        yield from (COLUMN.split(line, maxsplit=1)[0] for line in block.text.splitlines())
    elif block.tag in {"console", "sh"}:
        yield block.text


def _ours(line: str) -> tuple[int, str]:
    into = REDIRECTED.search(line)
    out, told = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(told):
        status = run(shlex.split(REDIRECTED.sub("", line))[1:])
    if into:
        Path(into[1]).write_text(out.getvalue())
    return status, out.getvalue() + told.getvalue()


def _foreign(line: str) -> tuple[int, str]:
    """Have a shell run what is no command of ours alone; `safety` is on its path."""
    if line.startswith("export "):
        os.environ.update(part.split("=", 1) for part in shlex.split(line)[1:])
        return 0, ""
    program = f'safety() {{ "{sys.executable}" -m safety_core.cli "$@"; }}\n'
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", f"set -eu\n{program}{line}"], env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr
