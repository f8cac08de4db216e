"""Takes the pictures of the terminal that the documentation shows: `python -m tools.docs.pictures`.

Each is what a command prints, drawn as SVG: text, so that a test can hold it against what the command prints today.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Final

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs/pictures"
WIDTH: Final = 88

SHOTS: Final = {
    "terminal-explain": ("policy", "explain", "--command", "rm -rf build"),
}
"""Picture -> the words after `safety`."""

OWN_FONTS: Final = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
)
"""Rich's form without its fonts, which would come from another machine."""


def printed(words: tuple[str, ...]) -> str:
    """Return what `safety` prints for these words, with its colours."""
    return subprocess.run(
        [sys.executable, "-m", "safety_core.cli", *words],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "COLUMNS": str(WIDTH),
            "FORCE_COLOR": "1",
            "TERM": "xterm-256color",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        timeout=600,
    ).stdout


def drawn(words: tuple[str, ...], output: str) -> str:
    """Return a picture of a terminal in which a command was typed and printed this."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(f"[bold]$ safety {' '.join(repr(word) if ' ' in word else word for word in words)}[/bold]\n")
    console.print(Text.from_ansi(output))
    title = f"safety {words[0]}"
    return console.export_svg(title=title, code_format=OWN_FONTS, unique_id=f"safety-{words[0]}")


def text_of(picture: str) -> str:
    """Return the text that stands in a picture, line by line, without colours and blanks."""
    lines: dict[str, str] = {}
    for line, text in re.findall(r"<text[^>]* y=\"([\d.]+)\"[^>]*>([^<]*)</text>", picture):
        lines[line] = lines.get(line, "") + text
    return "\n".join(" ".join(unescape(line).split()) for line in lines.values())


def take() -> None:
    """Take all of them anew."""
    for name, words in SHOTS.items():
        (FOLDER / f"{name}.svg").write_text(drawn(words, printed(words)))


if __name__ == "__main__":
    take()
