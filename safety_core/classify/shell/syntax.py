"""Text -> syntax tree, with the reasons to doubt it.

tree-sitter reads bash almost completely. Where it is known to read otherwise than bash without saying so, the guard
says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from safety_core.model.secret import REFERENCE

_PARSER: Final = Parser(Language(tree_sitter_bash.language()))

LIMIT: Final = 64 * 1024
"""Characters of one command line; the kernel takes 128 KiB for one argument."""

TOO_LONG: Final = "a command line that is too long to be read"

GUARD: Final = (
    (re.compile(r"[\x00-\x08\x0b-\x1f\x7f]"), "a control character that shells and readers treat differently"),
    (re.compile(r"\S\\\n\S"), "a word that goes on in the next line"),
    (re.compile(r"\$\{[^}]{0,200}`"), "a command inside a parameter expansion"),
    (re.compile(r"\$\{[^}]{0,200}@P"), "a parameter that is expanded as a prompt, with the commands in it"),
    (re.compile(r"\bcoproc\b"), "a coprocess"),
)

_PIECE: Final = re.compile(r"&&|\|\||[;&|\n(){}`<>]+")


@dataclass(frozen=True, slots=True)
class Script:
    """A parsed command line.

    Attributes:
        root: None where it was too long to be parsed.
        doubts: why the tree may not be what the shell reads.
    """

    root: Node | None
    doubts: tuple[str, ...]
    text: str


def parse(text: str) -> Script:
    """Return the syntax tree of `text`. Secret references become plain words of the same length first."""
    text = REFERENCE.sub(lambda match: re.sub(r"[^A-Za-z0-9]", "_", match[0]), text)
    if len(text) > LIMIT:
        return Script(None, (TOO_LONG,), text[:LIMIT])
    root = _PARSER.parse(text.encode("utf-8", "replace")).root_node
    doubts = [reason for expression, reason in GUARD if expression.search(text)]
    if "<<-" in text and ("$(" in text or "`" in text):
        doubts.append("a command that may stand inside an indented here-document")
    if root.has_error:
        doubts.append("a command line that cannot be parsed")
    return Script(root, tuple(doubts), text)


def loose_commands(text: str) -> Iterator[list[str]]:
    """Yield what might be commands in a text that has no trustworthy tree, as lists of words without their quotes."""
    for piece in _PIECE.split(text.replace("\\\n", "")):
        words = [re.sub(r"""["'\\\x00\r]""", "", word) for word in piece.split()]
        while words and "=" in words[0]:
            del words[0]
        if words:
            yield words
