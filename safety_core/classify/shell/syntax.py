"""Text -> syntax tree, with the reasons to doubt it.

The tree is that of bash. Where another shell, or another reader of the text, would see something else, the guard says
so; and what does not follow the grammar is never passed over: its pieces are judged one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from safety_core.classify.shell.cursor import TooDeepError, UnreadableError
from safety_core.classify.shell.grammar import Grammar
from safety_core.classify.shell.nodes import Node, Sequence, Word
from safety_core.model.secret import REFERENCE

LIMIT: Final = 64 * 1024
"""Characters of one command line; the kernel takes 128 KiB for one argument."""

TOO_LONG: Final = "a command line that is too long to be read"
TOO_DEEP: Final = "a command line that is nested too deep to be read"
UNREADABLE: Final = "a command line that cannot be parsed"

GUARD: Final = (
    (re.compile(r"[\x00-\x08\x0b-\x1f\x7f]"), "a control character that shells and readers treat differently"),
    (re.compile(r"\$\{[^}]{0,200}@P"), "a parameter that is expanded as a prompt, with the commands in it"),
    (
        re.compile(
            r"(?<![\w/])[A-Za-z]:\\|\\\\[\w.-]+\\|\$env:\w|%[A-Z][A-Z_0-9]{3,}%"
            r"|(?i:%(?:temp|tmp|windir|appdata|userprofile|comspec)%)|\s\^[&|<>]"
        ),
        "a command line for Windows, which other shells read differently",
    ),
)

_PIECE: Final = re.compile(r"&&|\|\||[;&|\n(){}`<>]+")


@dataclass(frozen=True, slots=True)
class Script:
    """A parsed command line.

    Attributes:
        root: what follows the grammar, up to the first line that does not.
        doubts: why the tree may not be what the shell reads.
        loose: text whose commands no tree holds for sure.
        lost: nothing can be said of some of it.
    """

    root: Sequence
    doubts: tuple[str, ...]
    loose: str = ""
    lost: str = ""


def parse(text: str) -> Script:
    """Return the syntax tree of `text`. Secret references become plain words of the same length first."""
    text = REFERENCE.sub(lambda match: re.sub(r"[^A-Za-z0-9]", "_", match[0]), text)
    if len(text) > LIMIT:
        return Script(Sequence(()), (TOO_LONG,), text[:LIMIT], TOO_LONG)
    doubts = [reason for expression, reason in GUARD if expression.search(text)]
    grammar = Grammar(text)
    parts: list[Node] = []
    start, rest, lost = 0, "", ""
    try:
        while grammar.at < len(grammar.text):
            start = grammar.at
            parts.extend(grammar.line())
    except UnreadableError as error:
        lost = TOO_DEEP if isinstance(error, TooDeepError) else ""
        rest = grammar.text[start:]
    doubts.extend(grammar.doubts)
    loose = text if doubts else rest
    if rest:
        doubts.append(lost or UNREADABLE)
    return Script(Sequence(tuple(parts)), tuple(doubts), loose, lost)


def expanded(text: str) -> Word | None:
    """Return a text as it stands between double quotes, or None where it cannot be read."""
    try:
        return tuple(Grammar(text).double(""))
    except UnreadableError:
        return None


def loose_commands(text: str) -> Iterator[list[str]]:
    """Yield what might be commands in a text that has no trustworthy tree, as lists of words without their quotes."""
    for piece in _PIECE.split(text.replace("\\\n", "")):
        words = [re.sub(r"""["'\\\x00\r]""", "", word) for word in piece.split()]
        while words and "=" in words[0]:
            del words[0]
        if words:
            yield words
