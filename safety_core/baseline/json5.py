"""JSON and JSON5 -> the nodes that YAML has too, with the place of each. It forgives what a stricter reader refuses."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

import yaml

DEPTH: Final = 64

_TOKEN: Final = re.compile(
    r"(?P<blank>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<mark>[{}\[\]:,])"
    r"|(?P<bare>[^\s{}\[\]:,\"']+)",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": ""}
_TEXT: Final = "tag:yaml.org,2002:str"
_OTHER: Final = "tag:yaml.org,2002:null"

_Token: TypeAlias = tuple[str, str, int, int]


class MalformedError(Exception):
    """It is neither JSON nor JSON5."""


def compose(text: str) -> yaml.Node:
    """Return the node of a whole text. Raises MalformedError."""
    reader = _Reader([*_tokens(text)])
    node = reader.value(0)
    if reader.left:
        raise MalformedError
    return node


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise MalformedError
        at = token.end()
        if token.lastgroup != "blank":
            found.append((str(token.lastgroup), token[0], token.start(), at))
    return found


class _Reader:
    """Takes one token after the other."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def left(self) -> bool:
        return self._at < len(self._tokens)

    def value(self, depth: int) -> yaml.Node:
        kind, text, start, end = self._next()
        if kind != "mark":
            return _scalar(kind, text, start, end)
        if depth > DEPTH or text not in "{[":
            raise MalformedError
        return self._object(depth, start) if text == "{" else self._list(depth, start)

    def _object(self, depth: int, start: int) -> yaml.Node:
        pairs: list[tuple[yaml.Node, yaml.Node]] = []
        while not self._takes("}"):
            name = self.value(DEPTH + 1)
            self._must(":")
            pairs.append((name, self.value(depth + 1)))
            if not self._takes(","):
                self._must("}")
                break
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, _mark(start), _mark(self._last_end()))

    def _list(self, depth: int, start: int) -> yaml.Node:
        items: list[yaml.Node] = []
        while not self._takes("]"):
            items.append(self.value(depth + 1))
            if not self._takes(","):
                self._must("]")
                break
        return yaml.SequenceNode("tag:yaml.org,2002:seq", items, _mark(start), _mark(self._last_end()))

    def _next(self) -> _Token:
        if not self.left:
            raise MalformedError
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, mark: str) -> bool:
        found = self.left and self._tokens[self._at][:2] == ("mark", mark)
        self._at += found
        return found

    def _must(self, mark: str) -> None:
        if not self._takes(mark):
            raise MalformedError

    def _last_end(self) -> int:
        return self._tokens[self._at - 1][3]


def _scalar(kind: str, text: str, start: int, end: int) -> yaml.ScalarNode:
    tag = _TEXT if kind == "text" or text not in {"true", "false", "null"} else _OTHER
    value = _unquoted(text[1:-1]) if kind == "text" else text
    return yaml.ScalarNode(tag, value, _mark(start), _mark(end))


def _unquoted(text: str) -> str:
    """Return what an escaped text stands for; two halves of a character become one, half a one a mark."""
    plain = _ESCAPE.sub(_unescaped, text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else _ESCAPES.get(found[2], found[2])


def _mark(index: int) -> yaml.Mark:
    return yaml.Mark("", index, 0, 0, None, 0)
