"""A node of the tree -> the words the shell would make of it.

Quotes, escapes, variables, braces, `$IFS` and word splitting are followed where they are static. What only the running
shell knows becomes a `HOLE` in the word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from tree_sitter import Node

from safety_core.classify.paths import HOLE

MOST_WORDS: Final = 64
"""Words that one brace expansion may yield; `{1..1000000}` is cut off there."""

_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|c.|.)", re.DOTALL)
_LETTERS: Final = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "v": "\v",
}
_PARAMETER: Final = re.compile(r"\$\{(\w+|[@*])(?:(:?[-=])([^${}`\\\"']*))?\}")
_EXPANSIONS: Final = frozenset(
    {"simple_expansion", "expansion", "command_substitution", "process_substitution", "arithmetic_expansion"}
)

Substitute: TypeAlias = Callable[[Node], str]
"""Runs a substitution's commands through the classifier; returns its static output, else a hole."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `glob`: the shell may still replace it by names of files."""

    text: str
    glob: bool = False

    @property
    def known(self) -> bool:
        """True where nothing of it depends on the running shell."""
        return HOLE not in self.text


Character: TypeAlias = tuple[str, str]
"""A character and how the shell came by it: "bare", "quoted" or "loose" (out of an unquoted expansion)."""


def text_of(node: Node) -> str:
    """Return the source of `node`."""
    return (node.text or b"").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Words:
    """Makes words out of nodes, with these variables."""

    variables: Mapping[str, str]
    substitute: Substitute

    def of(self, node: Node) -> list[Word]:
        """Return the words that `node` becomes: none for an empty unquoted expansion, several after splitting."""
        return [word for piece in _braces(list(self._characters(node))) for word in _split(piece)]

    def one(self, node: Node) -> str:
        """Return the text of `node` where the shell does not split, as in an assignment or a here-string."""
        return "".join(character for character, _ in self._characters(node))

    def inside_quotes(self, node: Node, mode: str = "quoted") -> Iterator[Character]:
        """Yield the text between the expansions in `node` as it stands, and the expansions by their values."""
        raw, at = node.text or b"", 0
        for child in node.children:
            if child.type in _EXPANSIONS:
                start = child.start_byte - node.start_byte
                yield from _literal(raw[at:start], mode)
                yield from self._expand(child, mode)
                at = child.end_byte - node.start_byte
        yield from _literal(raw[at:], mode)

    def _characters(self, node: Node) -> Iterator[Character]:
        match node.type:
            case "raw_string":
                yield from _as(text_of(node)[1:-1], "quoted")
            case "ansi_c_string":
                yield from _as(_ESCAPE.sub(_unescape, text_of(node)[2:-1]), "quoted")
            case "string" | "translated_string":
                characters = list(self.inside_quotes(node))
                yield from characters[text_of(node).index('"') + 1 : -1] or [("", "quoted")]
            case "concatenation" | "command_name" | "array":
                yield from self._parts(node)
            case kind if kind in _EXPANSIONS:
                yield from self._expand(node, "loose")
            case _:
                yield from _bare(text_of(node))

    def _parts(self, node: Node) -> Iterator[Character]:
        """Parts follow each other without a gap; a text that no child covers is taken as it stands."""
        raw, at = node.text or b"", 0
        for child in node.children:
            start = child.start_byte - node.start_byte
            yield from _bare(raw[at:start].decode("utf-8", "replace"))
            if child.type != "$":
                yield from self._characters(child)
            at = child.end_byte - node.start_byte

    def _expand(self, node: Node, mode: str) -> Iterator[Character]:
        match node.type:
            case "simple_expansion":
                return _as(self.variables.get(text_of(node)[1:], HOLE), mode)
            case "command_substitution" | "process_substitution":
                return _as(self.substitute(node), mode)
            case _:
                for child in _substitutions(node):
                    self.substitute(child)
                return _as(self._parameter(text_of(node)), mode)

    def _parameter(self, text: str) -> str:
        match = _PARAMETER.fullmatch(text)
        if match is None:
            return HOLE
        name, operator, default = match.groups()
        value = self.variables.get(name)
        if operator and (value is None or (operator[0] == ":" and not value)):
            return str(default)
        return HOLE if value is None else value


def _substitutions(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.type in {"command_substitution", "process_substitution"}:
            yield child
        else:
            yield from _substitutions(child)


def _as(text: str, mode: str) -> Iterator[Character]:
    return ((character, mode) for character in text)


def _literal(raw: bytes, mode: str) -> Iterator[Character]:
    return _as(re.sub(r'\\([$`"\\\n])', lambda match: match[1].strip("\n"), raw.decode("utf-8", "replace")), mode)


def _bare(text: str) -> Iterator[Character]:
    escaped = False
    for character in text:
        if escaped:
            escaped = False
            yield character, "quoted"
        elif character == "\\":
            escaped = True
        else:
            yield character, "bare"


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "xuU" and len(code) > 1:
        number = int(code[1:], 16)
        return HOLE if number > 0x10FFFF or 0xD800 <= number < 0xE000 else chr(number)
    if code[0] in "01234567":
        return chr(int(code, 8) & 0xFF)
    if code[0] == "c" and len(code) == 2:
        return chr(ord(code[1]) & 0x1F)
    return _LETTERS.get(code, code)


def _braces(characters: list[Character]) -> list[list[Character]]:
    """Expand `a{b,c}d`, unquoted, from left to right and innermost first."""
    done: list[list[Character]] = []
    queue = [characters]
    while queue and len(done) + len(queue) <= MOST_WORDS:
        piece = queue.pop(0)
        choices = _first_brace(piece)
        if choices:
            queue = choices + queue
        else:
            done.append(piece)
    return done + queue


def _first_brace(piece: list[Character]) -> list[list[Character]]:
    """Return the variants of the first innermost brace pair that has a comma, or nothing."""
    opened: list[int] = []
    commas: dict[int, list[int]] = {}
    for index, character in enumerate(piece):
        if character == ("{", "bare"):
            opened.append(index)
        elif character == (",", "bare") and opened:
            commas.setdefault(opened[-1], []).append(index)
        elif character == ("}", "bare") and opened:
            start = opened.pop()
            if start in commas:
                cuts = [start, *commas[start], index]
                return [piece[:start] + piece[a + 1 : b] + piece[index + 1 :] for a, b in pairwise(cuts)]
    return []


def _split(characters: list[Character]) -> Iterator[Word]:
    """Split at white space that came out of an unquoted expansion; an empty word stays only where it was quoted."""
    word: list[Character] = []
    for character in characters:
        if character[1] == "loose" and character[0] in " \t\n":
            yield from _word(word)
            word = []
        else:
            word.append(character)
    yield from _word(word)


def _word(characters: list[Character]) -> Iterator[Word]:
    if characters:
        text = "".join(character for character, _ in characters)
        if characters[0] == ("~", "quoted"):
            text = f"./{text}"
        yield Word(text, any(character in "*?[" and mode != "quoted" for character, mode in characters if character))
